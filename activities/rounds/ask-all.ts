import { randomInt } from 'node:crypto'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { IntervalProverRow } from '../../ledger/provers/provers.js'
import {
  type AttemptRow,
  attemptFacts,
  type NewAttempt,
  type NewOutcome,
  recordOutcomes,
  startAttempts,
} from '../../ledger/requests/attempts.js'
import { PERMIT_KNOWN_MS } from '../../rules/judge/own-failure.js'
import { clockWord, failedBy, type RequestOutcome } from '../../wire/outcome.js'
import { axonNetwork } from '../shared/axon-network.js'
import { BatchWriter } from '../shared/batch-writer.js'
import { clockWitnesses, foundOwnClock } from '../shared/is-own-clock.js'
import { foundOwnNetwork } from '../shared/is-own-network.js'
import { attemptResult, networkFault, verifierFault } from '../video/attempt-result.js'
import { requestVideo } from '../video/request-video.js'
import { isBackSoon } from './restarted.js'
import type { RoundDeps } from './round-deps.js'

const NO_HOOKS = {
  onPosition: () => undefined,
  onProgress: () => undefined,
  onFrame: () => undefined,
  onBegun: () => undefined,
}

interface Asked {
  readonly attempt: AttemptRow
  readonly prover: IntervalProverRow
  readonly outcome: RequestOutcome
}

interface AskOptions {
  readonly signal: AbortSignal
  readonly heartbeat: (details: string) => void
  /**
   * Each request waits a random time up to this before it is sent, in milliseconds; by default they are sent
   * together.
   */
  readonly mostDelayMs?: (attempt: AttemptRow) => number
  /** They were stored by this run of the activity, and none was sent before. */
  readonly stored?: boolean
}

/**
 * Stores the verifier's own requests, sends those without an outcome, with the same code as users' requests,
 * and records how each ended. On a retry after a crash a prover gets the same bytes and replays its stored
 * answer.
 */
export async function askAll(
  deps: RoundDeps,
  rows: readonly NewAttempt[],
  provers: readonly IntervalProverRow[],
  { signal, heartbeat, mostDelayMs = () => 0, stored = false }: AskOptions,
): Promise<void> {
  const { db, id } = deps
  const ids = rows.map(({ requestId }) => requestId)
  // Those stored before this call may already have been sent: their time would be that of a replay.
  const earlier = stored ? [] : await attemptFacts(db, ids)
  const before = new Set(earlier.map((row) => row.requestId))
  const attempts = (await startAttempts(db, id, rows)).filter((row) => row.outcome === null)
  heartbeat(`asking ${new Set(attempts.map(({ hotkey }) => hotkey)).size} provers`)
  const byHotkey = new Map(provers.map((row) => [row.hotkey, row]))
  // Stored as they arrive, so that a slow prover delays no other. An answer that could not be stored is
  // requested again, and replayed.
  const outcomes = new BatchWriter<NewOutcome>((batch) => recordOutcomes(db, id, batch))
  const isPermitted = deps.mayVerify(id.verifier, PERMIT_KNOWN_MS)
  const record = ({ attempt: { requestId }, outcome }: Asked) => {
    const resent = before.has(requestId)
    const result = attemptResult(outcome, { resent, isOurs: true, isPermitted })
    outcomes.add({ requestId, verdict: null, ...result })
  }
  const askOne = async (attempt: AttemptRow): Promise<Asked> => {
    const prover = byHotkey.get(attempt.hotkey)!
    const delayMs = randomInt(mostDelayMs(attempt) + 1)
    if (delayMs > 0) await sleep(delayMs, undefined, { signal })
    const outcome = await ask(deps, attempt, prover, signal)
    signal.throwIfAborted()
    if (!isDoubtful(outcome)) record({ attempt, prover, outcome })
    return { attempt, prover, outcome }
  }
  const asking: Promise<Asked>[] = []
  for (const attempt of attempts) {
    const one = askOne(attempt)
    // Handled below, after all have begun.
    one.catch(() => undefined)
    asking.push(one)
    // Each is sent right after it is signed, like a user's: the timestamps of hundreds would be old by the
    // time they arrive.
    await setImmediate()
  }
  const asked = await Promise.all(asking)
  // Held back until all have ended: only together do they show who is at fault.
  const doubtful = asked.filter(({ outcome }) => isDoubtful(outcome))
  const ownNetwork = await foundOwnNetwork(deps, asked.map(reached), provers, signal)
  const ownClock = await foundOwnClock(
    deps,
    words(asked),
    async () => clockWitnesses(provers),
    signal,
  )
  await Promise.all(
    doubtful.map(async (one) => {
      const { requestId } = one.attempt
      if (failedBy(one.outcome, 'stale')) {
        if (!ownClock) record(one)
        else outcomes.add({ requestId, verdict: null, ...verifierFault('own_clock', null) })
      } else if (ownNetwork) {
        outcomes.add({ requestId, verdict: null, ...networkFault() })
      } else if (await isBackSoon(deps, one.prover, signal)) {
        record({ ...one, outcome: { kind: 'refused', taken: [] } })
      } else record(one)
    }),
  )
  await outcomes.finished()
}

async function ask(
  deps: RoundDeps,
  row: AttemptRow,
  prover: IntervalProverRow,
  signal: AbortSignal,
): Promise<RequestOutcome> {
  const { axonIp, axonPort, modelRoot, determinismClass } = prover
  if (axonIp === null || axonPort === null || modelRoot === null) {
    const message = prover.unreachableReason ?? 'no address on the chain'
    return { kind: 'failed', reason: 'unreachable', message, progressed: false }
  }
  const until =
    row.cancelAfterMs == null
      ? signal
      : AbortSignal.any([signal, AbortSignal.timeout(row.cancelAfterMs)])
  const target = { row, prover: { axonIp, axonPort, modelRoot, determinismClass } }
  const { genesisHash } = deps.chain
  return (await requestVideo({ ...deps, genesisHash }, target, until, NO_HOOKS))!
}

function isDoubtful(outcome: RequestOutcome): boolean {
  return failedBy(outcome, 'stale') || failedBy(outcome, 'unreachable')
}

function reached({ prover, outcome }: Asked) {
  const { hotkey, coldkey, axonIp } = prover
  const network = axonIp === null ? null : axonNetwork(axonIp)
  return { hotkey, coldkey, network, reached: !failedBy(outcome, 'unreachable') }
}

function words(asked: readonly Asked[]) {
  return asked.map(({ attempt: { hotkey }, outcome }) => ({ hotkey, word: clockWord(outcome) }))
}
