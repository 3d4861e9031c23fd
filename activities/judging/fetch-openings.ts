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
import { isOpeningRefused } from '../../rules/judge/opening-patience.js'
import { isOwnNetwork } from '../../rules/judge/own-failure.js'
import { openingDeadlineMs } from '../../rules/routing/deadlines.js'
import { type OpeningOutcome, requestOpening } from '../../wire/open.js'
import { usableCertificates } from '../interval/certificates.js'
import { axonNetwork } from '../shared/axon-network.js'
import { pause, withHeartbeat } from '../shared/heartbeat.js'
import { storedParams } from '../shared/stored-request.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { drawSpotChecks } from './draw-spot-checks.js'

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
/** No response: the network may have lost it, on either side. */
const MAY_BE_LOST: ReadonlySet<string> = new Set(['unreachable', 'no_answer', 'stalled', 'late'])

/**
 * As answers are delivered, draws which of them are spot-checked and has their provers open them. Returns
 * when there is a batch for the GPU, or after a twelfth of the interval.
 * @returns how many are open but not computed yet, and whether the interval's last block is final
 */
export function createFetchOpenings(deps: VerifierDeps) {
  return async ({ n, final }: FetchOpeningsInput): Promise<{ waiting: number; over: boolean }> =>
    withHeartbeat(async (signal, heartbeat) => {
      const { db, id, chain } = deps
      const interval = (await intervalByN(db, id, n))!
      const lastBlock = interval.firstBlock + interval.length - 1
      const lengthMs = interval.length * chain.blockSeconds * 1000
      const until = performance.now() + lengthMs / 12
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
        const enough = over || waiting >= SPOT_CHECK_BATCH || performance.now() > until
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
  const silent: UnopenedRow[] = []
  await mapWithLimit(asked, MAX_CONNECTIONS, async (row) => {
    const outcome = await ask(deps, row, provers.get(row.hotkey), certificates, signal)
    signal.throwIfAborted()
    if (outcome.kind === 'failed' && MAY_BE_LOST.has(outcome.reason)) silent.push(row)
    else await store(deps, row, outcome)
  })
  const asleep = new Set(silent.map((row) => row.hotkey))
  const looks = [...new Set(asked.map((row) => row.hotkey))].map((hotkey) => {
    const { coldkey, axonIp } = provers.get(hotkey)!
    const network = axonIp === null ? null : axonNetwork(axonIp)
    return { hotkey, coldkey, network, reached: !asleep.has(hotkey) }
  })
  return isOwnNetwork(looks) ? silent.length : giveUp(deps, silent)
}

/** Counts a try of those that did not answer; silence that lasts is a refusal. */
async function giveUp(
  { db, chain: { blockSeconds } }: VerifierDeps,
  silent: readonly UnopenedRow[],
): Promise<number> {
  const again: string[] = []
  for (const { requestId, tries, sinceDeliveredMs } of silent) {
    const times = tries + 1
    if (isOpeningRefused({ times, sinceDeliveredMs }, blockSeconds)) {
      const message = `did not answer ${times} times`
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
  if (outcome.kind === 'opened') {
    const { stepDigests, frameDigests, ...states } = outcome.opening
    const digests = concat(...[...stepDigests, ...frameDigests].map(fromHex))
    await putOpening(db, requestId, { opening: 'opened', states: { digests, ...states } })
    return
  }
  const why = outcome.kind === 'refused' ? outcome.code : outcome.reason
  const message = `${why}: ${outcome.message}`
  log.info({ requestId, prover: row.hotkey, message }, 'a prover did not open its answer')
  await putOpening(db, requestId, { opening: 'refused', message })
}
