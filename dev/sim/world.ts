/** What is assumed of model, GPUs, network and users; docs/soundness.md lists it. */

import { workOf } from '../../formats/generation.js'
import type { ModelStandard } from '../../formats/video-shape.js'
import { TIER_MINIMUM_SUCCESSES } from '../../rules/constants.js'
import { type MechanismProfile, PRODUCTION_PROFILE } from '../../rules/profile.js'
import { deadlineMs } from '../../rules/routing/deadlines.js'
import { usPerWork } from '../../rules/work-time.js'

export const BLOCK_MS = 12_000

/** All requests are of the model's standard form: its size changes no decision that is looked at here. */
export const MODEL: ModelStandard = {
  name: 'simulated',
  steps: 25,
  guidanceMilli: 5000,
  frames: 16,
  width: 256,
  height: 256,
  fps: 8,
}
export const WORK = workOf(MODEL)

/** One video on an RTX 3090, as docs/mechanism.md has it. */
export const VIDEO_MS = 25_000
export const CERTIFIED_US_PER_WORK = usPerWork(VIDEO_MS * 1000, WORK)

export const DEADLINE_MS = deadlineMs({
  floorMs: PRODUCTION_PROFILE.deadlineFloorMs,
  certifiedUsPerWork: CERTIFIED_US_PER_WORK,
  certifiedColdUs: 0,
  work: WORK,
})

/** A spot check costs at most 8 % of a generation. */
export const SPOT_CHECK_US = VIDEO_MS * 80

/** Until a verifier's `taken` is there after the prover accepted its request, and an answer at the verifier. */
export const NETWORK_MS = { least: 20, most: 120 }

/** A GPU's time for the same work differs by so much. */
export const NOISE = 0.01

/** Users who chose their seed: their requests don't count. */
export const UNCOUNTED_SHARE = 0.1

/** Requests whose prompts look like no other's. */
export const UNCOMMON_SHARE = 0.05

export const API_KEYS = 100

/** The real minimums take years: these take an interval for each thousand requests that those ask for. */
const TIER_SCALE = 1000

export function simulatedProfile(intervalBlocks: number): MechanismProfile {
  const scaled = (minimum: number) => Math.floor(minimum / TIER_SCALE)
  const { challenger, grandmaster, gold, silver, bronze } = TIER_MINIMUM_SUCCESSES
  return {
    ...PRODUCTION_PROFILE,
    intervalBlocks,
    tierMinimums: {
      challenger: scaled(challenger),
      grandmaster: scaled(grandmaster),
      gold: scaled(gold),
      silver: scaled(silver),
      bronze: scaled(bronze),
    },
  }
}
