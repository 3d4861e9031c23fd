import { mapWithLimit } from '../../base/concurrency/map-with-limit.js'
import { concat, fromHex } from '../../formats/bytes.js'
import { workOf } from '../../formats/generation.js'
import { intervalByN } from '../../ledger/intervals/intervals.js'
import type { CertificateRow } from '../../ledger/judging/certificates.js'
import {
  countTries,
  putOpening,
  type UnopenedRow,
  uncomputed,
  unopened,
} from '../../ledger/judging/spot-checks.js'
import { type IntervalProverRow, intervalProvers } from '../../ledger/provers/provers.js'
import { OPEN_WINDOW_MS, SPOT_CHECK_BATCH } from '../../rules/constants.js'
import { isWhatWasSigned } from '../../rules/judge/judge-spot-check.js'
import { isOpeningRefused } from '../../rules/judge/opening-patience.js'
import { type ClockWord, PERMIT_KNOWN_MS } from '../../rules/judge/own-failure.js'
import { openingDeadlineMs } from '../../rules/routing/deadlines.js'
import { type OpeningOutcome, openingClockWord, requestOpening } from '../../wire/open.js'
import { isNotAdmitted } from '../../wire/outcome.js'
import { usableCertificates } from '../interval/certificates.js'
import { axonNetwork } from '../shared/axon-network.js'
import { pause, withHeartbeat } from '../shared/heartbeat.js'
import { clockWitnesses, foundOwnClock } from '../shared/is-own-clock.js'
import { foundOwnNetwork } from '../shared/is-own-network.js'
import { storedParams } from '../shared/stored-request.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { drawSpotChecks } from './draw-spot-checks.js'
import { claimedDigests, openedDigests } from './opened-digests.js'

export interface FetchOpeningsInput {
  readonly n: number
  /** The interval is over: no more answers will come, and what was not opened by now is given up. */
  readonly final: boolean
}

/** How often to look for new answers, and to ask provers again that did not respond: at least, and times an interval. */
const POLL_MS_MAX = 2_000
const POLLS = 60
/** An answer is drawn for opening only while this much of its window is left. */
const WINDOW_MARGIN_MS = 20_000
const WINDOW_MS = OPEN_WINDOW_MS - WINDOW_MARGIN_MS
const MAX_CONNECTIONS = 8
/**
 * Batches of an interval, each some 18 events in its workflow's history: Temporal ends a workflow at 51,200. A model
 * that is quick to check would fill one every second.
 */
export const MOST_BATCHES = 60
/** No response: the network may have lost it, on either side. */
const MAY_BE_LOST: ReadonlySet<string> = new Set(['unreachable', 'no_answer', 'stalled', 'late'])

/**
 * As answers are delivered, draws which of them are spot-checked and has their provers open them. Returns
 * when there is a batch for the GPU, at most `MOST_BATCHES` times an interval, or after a twelfth of the interval.
 * @returns how many are open but not computed yet, and whether the interval's last block is final
 */
export function createFetchOpenings(deps: VerifierDeps) {
  return async ({ n, final }: FetchOpeningsInput): Promise<{ waiting: number; over: boolean }> =>
    withHeartbeat(async (signal, heartbeat) => {
      const { db, id, chain } = deps
      const interval = (await intervalByN(db, id, n))!
      const lastBlock = interval.firstBlock + interval.length - 1
      const lengthMs = interval.length * chain.blockSeconds * 1000
      const startedMs = performance.now()
      for (;;) {
        const certificates = await usableCertificates(db, deps)
        await drawSpotChecks(deps, n, certificates, {
          windowSeconds: WINDOW_MS / 1000,
          all: final,
        })
        const left = await openDue(deps, n, certificates, signal)
        const waiting = (await uncomputed(db, id, n)).length
        heartbeat(`${waiting} opened, ${left} did not answer yet`)
        const over = (await deps.finality.newest()).number >= lastBlock
        const share = (performance.now() - startedMs) / lengthMs
        const isBatch = waiting >= SPOT_CHECK_BATCH && share >= 1 / MOST_BATCHES
        const enough = over || isBatch || share > 1 / 12
        if (final ? left === 0 : enough) return { waiting, over }
        await pause(Math.min(POLL_MS_MAX, lengthMs / POLLS))
      }
    })
}

/** @returns how many must be asked again */
async function openDue(
  deps: VerifierDeps,
  n: number,
  certificates: readonly CertificateRow[],
  signal: AbortSignal,
): Promise<number> {
  const { db, id } = deps
  const due = await unopened(db, id, n)
  // Their window passed while no verifier ran, or while no prover could be reached.
  const missed = due.filter((row) => row.sinceDeliveredMs >= WINDOW_MS && row.tries === 0)
  for (const row of missed) {
    await putOpening(db, row.requestId, { opening: 'own_fault', message: 'not asked in time' })
  }
  const asked = due.filter((row) => !missed.includes(row))
  if (asked.length === 0) return 0
  const provers = new Map((await intervalProvers(db, id, n)).map((row) => [row.hotkey, row]))
  const again: UnopenedRow[] = []
  const unadmitted: UnopenedRow[] = []
  const asleep = new Set<string>()
  const said: { hotkey: string; word: ClockWord }[] = []
  await mapWithLimit(asked, MAX_CONNECTIONS, async (row) => {
    const { hotkey } = row
    const outcome = await ask(deps, row, provers.get(hotkey), certificates, signal)
    signal.throwIfAborted()
    said.push({ hotkey, word: openingClockWord(outcome) })
    if (outcome.kind === 'failed' && MAY_BE_LOST.has(outcome.reason)) {
      asleep.add(hotkey)
      again.push(row)
    } else if (outcome.kind === 'refused' && outcome.mayPass) again.push(row)
    else if (outcome.kind === 'refused' && isUnpermitted(deps, outcome.code)) unadmitted.push(row)
    else await store(deps, row, outcome)
  })
  const looks = [...new Set(asked.map((row) => row.hotkey))].map((hotkey) => {
    const { coldkey, axonIp } = provers.get(hotkey)!
    const network = axonIp === null ? null : axonNetwork(axonIp)
    return { hotkey, coldkey, network, reached: !asleep.has(hotkey) }
  })
  const all = [...provers.values()]
  const isOwnFault =
    (await foundOwnClock(deps, said, async () => clockWitnesses(all), signal)) ||
    (await foundOwnNetwork(deps, looks, all, signal))
  const left = isOwnFault ? await excuse(deps, again) : await giveUp(deps, again)
  return left + (await excuse(deps, unadmitted))
}

/** Without a validator permit, or with one of which they need not know yet, provers need not admit us. */
function isUnpermitted({ id, mayVerify }: VerifierDeps, code: string): boolean {
  return isNotAdmitted(code) && !mayVerify(id.verifier, PERMIT_KNOWN_MS)
}

/** Our own clock, network or standing is at fault: no try of theirs, and what it lasts too long for is given up. */
async function excuse({ db }: VerifierDeps, rows: readonly UnopenedRow[]): Promise<number> {
  const over = rows.filter(({ sinceDeliveredMs }) => sinceDeliveredMs >= WINDOW_MS)
  for (const { requestId } of over) {
    await putOpening(db, requestId, { opening: 'own_fault', message: 'could not be asked in time' })
  }
  return rows.length - over.length
}

/** Counts a try of those that did not open, which may pass; what lasts is a refusal. */
async function giveUp(
  { db, chain: { blockSeconds } }: VerifierDeps,
  rows: readonly UnopenedRow[],
): Promise<number> {
  const again: string[] = []
  for (const { requestId, tries, sinceDeliveredMs } of rows) {
    const times = tries + 1
    if (isOpeningRefused({ times, sinceDeliveredMs }, blockSeconds)) {
      const message = `did not open it, asked ${times} times`
      await putOpening(db, requestId, { opening: 'refused', message })
    } else again.push(requestId)
  }
  await countTries(db, again)
  return again.length
}

async function ask(
  deps: VerifierDeps,
  row: UnopenedRow,
  prover: IntervalProverRow | undefined,
  certificates: readonly CertificateRow[],
  signal: AbortSignal,
): Promise<OpeningOutcome> {
  if (prover?.axonIp == null || prover.axonPort === null) {
    return { kind: 'failed', reason: 'unreachable', message: 'no address on the chain' }
  }
  const params = storedParams(row)
  return requestOpening({
    address: { ip: prover.axonIp, port: prover.axonPort },
    receiver: row.hotkey,
    signer: deps.signer,
    requestId: row.requestId,
    step: row.step,
    frame: row.frame,
    expected: params,
    stateBytes: (i) => 4 * deps.stateSize(params, i),
    allowPrivate: deps.allowPrivateAddresses,
    deadlineMs: openingDeadlineMs({
      floorMs: deps.profile.deadlineFloorMs,
      certifiedUsPerWork: certificates[0]?.usPerWork ?? null,
      certifiedColdUs: certificates[0]?.coldUs ?? 0,
      work: workOf(params),
    }),
    signal,
  })
}

async function store(
  { db, log }: VerifierDeps,
  row: UnopenedRow,
  outcome: OpeningOutcome,
): Promise<void> {
  const { requestId } = row
  let message: string
  if (outcome.kind === 'opened') {
    const { stepDigests, frameDigests, ...sent } = outcome.opening
    const states = { digests: concat(...[...stepDigests, ...frameDigests].map(fromHex)), ...sent }
    const claimed = claimedDigests(states, row, storedParams(row))
    if (isWhatWasSigned(row, claimed, openedDigests(states))) {
      await putOpening(db, requestId, { opening: 'opened', states })
      return
    }
    message = 'what it opened does not match the digests that it signed'
  } else {
    const why = outcome.kind === 'refused' ? outcome.code : outcome.reason
    message = `${why}: ${outcome.message}`
  }
  log.info({ requestId, prover: row.hotkey, message }, 'a prover did not open its answer')
  await putOpening(db, requestId, { opening: 'refused', message })
}
