import { z } from 'zod'
import type { MechanismProfile } from '../../rules/profile.js'
import { TIERS } from '../../rules/tiers.js'

const count = z.int().min(0)

export const tiersRuleSchema = z.enum(['literal', 'evidence'])

/**
 * The settings that an interval recorded when it opened. It is settled by these, whatever its verifier's
 * options say by then, because they decide tiers and scores. Unknown members, from other versions, are kept.
 */
export const profileSchema: z.ZodType<MechanismProfile> = z.looseObject({
  name: z.enum(['production', 'demo', 'test']),
  intervalBlocks: z.int().min(1),
  sampleSize: count,
  rounds: z.looseObject({ max: count }),
  tierMinimums: z.record(z.enum(TIERS), count),
  certificateRuns: count,
  movingAverageAlphaPpm: z.int().min(0).max(1_000_000),
  tiersRule: tiersRuleSchema,
  audits: z.looseObject({ max: count }),
  vpermitTaoLimit: z.number().min(0),
  deadlineFloorMs: count,
})
