import {
  CHALLENGE_PENALTY_PPM,
  INFERENCE_PENALTY_PPM,
  ONE_PPM,
  TIER_FACTOR_PPM,
} from '../constants.js'
import type { Tier } from '../tiers.js'
import { worstVerdict } from '../verdicts.js'
import type { CheckRow } from './settlement.js'
import type { Tally } from './tally.js'

/**
 * floor(Σ reward / n) in ppm over a prover's judged answers and failures, towards −∞: each answer
 * once, by the worst of its checks. Null of none. An unchecked success is not judged and earns nothing.
 */
export function meanReward(tally: Pick<Tally, 'checks' | 'attempts'>): number | null {
  const checksOf = new Map<string, CheckRow[]>()
  for (const check of tally.checks) {
    // That an answer arrived well is no judgement of what is in it.
    if (check.kind === 'answer' && check.verdict === 'pass') continue
    const others = checksOf.get(check.requestId)
    if (others === undefined) checksOf.set(check.requestId, [check])
    else others.push(check)
  }
  const rewards = [...checksOf.values()].map(rewardOf)
  for (const row of tally.attempts) {
    if (row.outcome === 'failure' && !checksOf.has(row.requestId)) {
      rewards.push(INFERENCE_PENALTY_PPM)
    }
  }
  if (rewards.length === 0) return null
  return Math.floor(rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length)
}

/** The least of the passes (an audit below equality pays its cosine), or the penalty of its kind. */
function rewardOf(checks: readonly CheckRow[]): number {
  if (worstVerdict(checks.map((check) => check.verdict)) === 'pass') {
    return Math.min(...checks.map((check) => check.rewardPpm ?? ONE_PPM))
  }
  const isChallenge = checks.some((check) => check.kind === 'challenge')
  return isChallenge ? CHALLENGE_PENALTY_PPM : INFERENCE_PENALTY_PPM
}

/**
 * An interval's observation: the mean reward, times speed and tier when it is positive, in ppm.
 * @param tier the one it held when settlement began
 * @param isZero a standing cheat, or more than half refused
 */
export function observe(
  meanPpm: number | null,
  speedPpm: number,
  tier: Tier,
  isZero: boolean,
): number | null {
  if (meanPpm === null) return null
  if (isZero) return 0
  if (meanPpm <= 0) return meanPpm
  const product = BigInt(meanPpm) * BigInt(speedPpm) * BigInt(TIER_FACTOR_PPM[tier])
  return Number(product / BigInt(ONE_PPM) ** 2n)
}
