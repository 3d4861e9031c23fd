import { proverAxons } from '../../ledger/provers/routing.js'
import { type AttemptResult, hedgeLoserResult } from '../../ledger/requests/attempts.js'
import { answerCheck, PERMIT_KNOWN_MS } from '../../rules/judge/own-failure.js'
import { clockWord, failedBy } from '../../wire/outcome.js'
import type { InferenceDeps } from '../inference-deps.js'
import { axonNetwork } from '../shared/axon-network.js'
import { clockWitnesses, foundOwnClock } from '../shared/is-own-clock.js'
import { foundOwnNetwork } from '../shared/is-own-network.js'
import { attemptResult, networkFault, verifierFault } from './attempt-result.js'
import type { HedgeResult } from './hedged-request.js'

/** What is our own fault, and no prover's, whatever came of asking it. */
interface OwnFaults {
  readonly clock: boolean
  readonly network: boolean
  /** Provers know us as a verifier: they need not admit anybody else. */
  readonly isPermitted: boolean
}

/** Looks for faults of our own behind what an attempt's provers answered. Others are asked only if it looks like one. */
export async function findOwnFaults(
  deps: InferenceDeps,
  ends: readonly HedgeResult[],
  signal: AbortSignal,
): Promise<OwnFaults> {
  const said = ends.flatMap(({ asked: { row }, outcome }) =>
    outcome === null ? [] : [{ hotkey: row.hotkey, word: clockWord(outcome) }],
  )
  const witnesses = async () => clockWitnesses(await proverAxons(deps.db, deps.id, null))
  return {
    clock: await foundOwnClock(deps, said, witnesses, signal),
    network: await isOwnNetworkDown(deps, ends, signal),
    isPermitted: deps.mayVerify(deps.id.verifier, PERMIT_KNOWN_MS),
  }
}

/** The outcome to record for one prover of an attempt, and whether it counts as a check of the prover. */
export function outcomeOf(end: HedgeResult, own: OwnFaults) {
  const { requestId } = end.asked.row
  const result = resultOf(end, own)
  return { requestId, ...result, verdict: answerCheck(result) }
}

function resultOf({ asked, outcome, outpaced }: HedgeResult, own: OwnFaults): AttemptResult {
  if (outpaced) return hedgeLoserResult()
  if (outcome === null) return verifierFault('own_fault', 'not asked again')
  const result = attemptResult(outcome, { ...asked, isPermitted: own.isPermitted })
  if (result.reason === 'stale' && own.clock) return verifierFault('own_clock', result.message)
  return result.reason === 'unreachable' && own.network ? networkFault() : result
}

/** Whether nobody can be reached: neither those that were asked nor a few others. */
async function isOwnNetworkDown(
  deps: InferenceDeps,
  ends: readonly HedgeResult[],
  signal: AbortSignal,
): Promise<boolean> {
  if (ends.length === 0 || !ends.every(({ outcome }) => failedBy(outcome, 'unreachable'))) {
    return false
  }
  const all = await proverAxons(deps.db, deps.id, null)
  const asked = all
    .filter(({ hotkey }) => ends.some((end) => end.asked.row.hotkey === hotkey))
    .map(({ hotkey, coldkey, axonIp }) => ({
      ...{ hotkey, coldkey, network: axonNetwork(axonIp), reached: false },
    }))
  return foundOwnNetwork(deps, asked, all, signal)
}
