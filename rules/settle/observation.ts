import {
  CHALLENGE_PENALTY_PPM,
  FAILED_REQUEST_WEIGHT,
  ONE_PPM,
  TIER_FACTOR_PPM,
} from '../constants.js'
import type { Tier } from '../tiers.js'
import { worstVerdict } from '../verdicts.js'
import type { CheckRow } from './settlement.js'
import type { Tally } from './tally.js'

/** One item that an interval pays or costs a prover (mechanism.md section 5). */
interface Slot {
  weight: number
  /** Parts per million. */
  reward: number
}

const PAID: Slot = { weight: 1, reward: ONE_PPM }
const FAILED_CHALLENGE: Slot = { weight: 1, reward: CHALLENGE_PENALTY_PPM }
const FAILED_REQUEST: Slot = { weight: FAILED_REQUEST_WEIGHT, reward: CHALLENGE_PENALTY_PPM }

/**
 * m = floor(Σ w·r / Σ w) in ppm, towards −∞, over a prover's slots: each counted request served, each
 * challenge passed and each wide request delivered pays 1 (a counted request whose audit found it similar but
 * not equal pays its cosine); a challenge or wide request that failed costs 0.01; a user's request that
 * failed, counted or not, and a counted one that failed a check, weigh five times as much.
 * @returns null without any slot
 */
export function meanReward(
  tally: Pick<Tally, 'checks' | 'attempts' | 'uncheckable' | 'wide'>,
): number | null {
  const checksOf = new Map<string, CheckRow[]>()
  for (const check of tally.checks) {
    const others = checksOf.get(check.requestId)
    if (others === undefined) checksOf.set(check.requestId, [check])
    else others.push(check)
  }
  const slots: Slot[] = []
  for (const { requestId, outcome } of tally.attempts) {
    slots.push(requestSlot(outcome === 'success', checksOf.get(requestId) ?? []))
    checksOf.delete(requestId)
  }
  for (const { requestId, outcome } of tally.wide) {
    const faulted = outcome !== 'success' || isFaulted(checksOf.get(requestId) ?? [])
    slots.push(faulted ? FAILED_CHALLENGE : PAID)
    checksOf.delete(requestId)
  }
  for (const [requestId, checks] of checksOf) {
    const slot = checkedSlot(checks[0]!, isFaulted(checks))
    if (slot !== null && !tally.uncheckable.has(requestId)) slots.push(slot)
  }
  const weight = slots.reduce((sum, slot) => sum + slot.weight, 0)
  if (weight === 0) return null
  return Math.floor(slots.reduce((sum, slot) => sum + slot.weight * slot.reward, 0) / weight)
}

function requestSlot(served: boolean, checks: readonly CheckRow[]): Slot {
  return served && !isFaulted(checks) ? paid(checks) : FAILED_REQUEST
}

/**
 * The slot of a challenge, or of a request from an earlier interval that is checked only now: that was paid
 * then, so a pass pays nothing more. A request that does not count costs nothing, whatever a check finds.
 */
function checkedSlot({ requestKind, counted }: CheckRow, faulted: boolean): Slot | null {
  switch (requestKind) {
    case 'challenge':
      return faulted ? FAILED_CHALLENGE : PAID
    case 'wide':
      return faulted ? FAILED_CHALLENGE : null
    case 'inference':
      return faulted && counted ? FAILED_REQUEST : null
  }
}

function isFaulted(checks: readonly CheckRow[]): boolean {
  const verdict = worstVerdict(checks.map((check) => check.verdict))
  return verdict !== 'pass' && verdict !== 'abstained'
}

/** The lowest reward of its checks: an audit that found it similar but not equal pays its cosine. */
function paid(checks: readonly CheckRow[]): Slot {
  return { weight: 1, reward: Math.min(ONE_PPM, ...checks.map((c) => c.rewardPpm ?? ONE_PPM)) }
}

/**
 * An interval's observation: the mean reward, multiplied, if it is positive, by the paid capacity and the
 * tier's factor: floor(m · P · tier / 10^12), in ppm of an honest GPU.
 * @param paidCapacityPpm P: 1,000,000 is one GPU
 * @param tier its tier when settlement began
 * @param earnsNothing because of a cheat or a refused opening: never above 0
 */
export function observe(
  meanPpm: number | null,
  paidCapacityPpm: number,
  tier: Tier,
  earnsNothing: boolean,
): number | null {
  if (meanPpm === null) return null
  if (meanPpm <= 0) return meanPpm
  if (earnsNothing) return 0
  const product = BigInt(meanPpm) * BigInt(paidCapacityPpm) * BigInt(TIER_FACTOR_PPM[tier])
  return Number(product / BigInt(ONE_PPM) ** 2n)
}
