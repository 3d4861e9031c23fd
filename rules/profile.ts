import {
  CERTIFICATE_RUNS,
  DEADLINE_FLOOR_MS,
  MAX_ROUNDS,
  MOVING_AVERAGE_ALPHA_PPM,
  SHARED_MACHINE_DEADLINE_FLOOR_MS,
  TIER_MINIMUM_SUCCESSES,
} from './constants.js'
import { RuleError } from './error.js'
import type { Tier } from './tiers.js'

/** The settings of the mechanism that a deployment chooses by name; part of each interval's record. */
export interface MechanismProfile {
  name: 'production' | 'demo' | 'test'
  intervalBlocks: number
  /** Provers asked per round. */
  sampleSize: number
  rounds: { max: number }
  tierMinimums: Record<Tier, number>
  /** Runs that make a class exact. */
  certificateRuns: number
  movingAverageAlphaPpm: number
  /**
   * `literal`: a missed rate relegates. `evidence`: failures relegate only if chance does not explain them.
   */
  tiersRule: 'literal' | 'evidence'
  /** The number of audits is drawn from 1 … max. */
  audits: { max: number }
  /** Stake weight above which a neuron with a permit counts as a verifier and is not asked. */
  vpermitTaoLimit: number
  deadlineFloorMs: number
}

export const PRODUCTION_PROFILE: MechanismProfile = {
  name: 'production',
  intervalBlocks: 360,
  sampleSize: 1,
  rounds: { max: MAX_ROUNDS },
  tierMinimums: TIER_MINIMUM_SUCCESSES,
  certificateRuns: CERTIFICATE_RUNS,
  movingAverageAlphaPpm: MOVING_AVERAGE_ALPHA_PPM,
  tiersRule: 'literal',
  audits: { max: 34 },
  vpermitTaoLimit: 4096,
  deadlineFloorMs: DEADLINE_FLOOR_MS,
}

/** Intervals of 20 one-second blocks on a laptop's two cores. */
export const DEMO_PROFILE: MechanismProfile = {
  ...PRODUCTION_PROFILE,
  name: 'demo',
  intervalBlocks: 20,
  rounds: { max: 4 },
  tierMinimums: { challenger: 40, grandmaster: 20, gold: 8, silver: 3, bronze: 0 },
  certificateRuns: 4,
  audits: { max: 2 },
  deadlineFloorMs: SHARED_MACHINE_DEADLINE_FLOOR_MS,
}

/** The demo's profile, for the test grid. */
export const TEST_PROFILE: MechanismProfile = { ...DEMO_PROFILE, name: 'test' }

/**
 * Scaled-down minimums and short certificates would give away tiers on a real network.
 * @throws RuleError `profile_refused`
 */
export function assertProfileAllowed(profile: MechanismProfile, realNetwork: boolean): void {
  if (!realNetwork || profile.name === 'production') return
  throw new RuleError(
    'profile_refused',
    `profile "${profile.name}" scales tiers and certificates down and is refused on a real network`,
    { hint: 'Omit the profile: production is the default.' },
  )
}
