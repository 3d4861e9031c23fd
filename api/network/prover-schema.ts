import { z } from 'zod'
import { proverMembers } from './provers.js'
import {
  checkKindSchema,
  count,
  moveReasonSchema,
  ppm,
  provenMembers,
  reasonSchema,
  tierSchema,
  time,
  verdictSchema,
  verifierMembers,
} from './schema.js'

const lineSchema = z
  .object({
    what: z.enum([
      'request_success_rate',
      'validation_success_rate',
      'cheats',
      'total_successes',
      'passed_validations_since_last_move',
    ]),
    have: count,
    of: count.nullable().meta({ description: 'attempts; null where nothing is attempted' }),
    need: count,
    bound: z.enum(['at_least', 'at_most']).meta({ description: 'what `need` is' }),
    met: z.boolean(),
    text: z.string(),
  })
  .meta({
    id: 'TierCheck',
    description: 'One condition of a tier; counts are of the newest settled interval',
  })

const linesSchema = z.object({ tier: tierSchema, checks: z.array(lineSchema) })

const scoreSchema = z.object({
  score_ppm: ppm,
  before_ppm: ppm,
  observation_ppm: ppm.nullable(),
  mean_reward_ppm: ppm.nullable(),
  ...provenMembers,
  tier_factor_ppm: ppm,
  alpha_ppm: ppm.meta({ description: 'share of the observation in the score' }),
  text: z.string(),
})

const historySchema = z.object({
  n: count,
  settled_at: time.nullable(),
  tier: tierSchema.meta({ description: 'after the interval' }),
  score_ppm: ppm,
  observation_ppm: ppm.nullable(),
  ...provenMembers,
  request_attempts: count,
  request_successes: count,
  checks_judged: count,
  checks_passed: count,
  cheats: count,
  total_successes: count,
})

const moveSchema = z.object({
  n: count,
  from_tier: tierSchema,
  to_tier: tierSchema,
  reason: moveReasonSchema,
  reason_text: z.string(),
  at: time,
})

const verdictLineSchema = z.object({
  interval: count,
  request_id: z.uuid(),
  kind: checkKindSchema,
  verdict: verdictSchema,
  reason: reasonSchema,
  reason_text: z.string(),
  reward_ppm: ppm.nullable(),
  evidence_sha256: z.string().nullable().meta({
    description: 'of a cheat: what it was judged by, under /v1/network/evidence/{sha256}',
  }),
  decided_at: time,
})

const routingSchema = z
  .object({
    latency_us_per_work: count.nullable().meta({
      description:
        'for a unit of work (step · frame · pixel): floor(µs · 10^6 / work), so picoseconds; of intervals that are shown',
    }),
    used_last_settled_interval: count.meta({
      description:
        'users’ requests it got in the newest settled interval that is shown. Those of the running one are not shown: a prover could tell from them which of its requests were challenges',
    }),
    requests_per_interval_limit: count,
    last_resort: z.boolean().meta({ description: 'asked only while no other prover is free' }),
    last_resort_reason: z.string().nullable(),
    text: z.string(),
  })
  .meta({ id: 'ProverRouting' })

const detectionSchema = z
  .object({
    answers: count,
    full_checks: count,
    spot_checks: count.meta({ description: 'of answers that no full check looked at' }),
    confidence_permille: z.int().min(0),
    smallest_share_ppm: ppm.nullable().meta({
      description:
        'of answers cheated throughout, found by any check; null when nothing was checked',
    }),
    smallest_share_full_ppm: ppm.nullable().meta({
      description: 'of answers with anything false in them, found by full checks alone',
    }),
    full_check_us: count.nullable().meta({
      description: 'GPU microseconds that one of its full checks took, measured, on average',
    }),
    spot_check_us: count.nullable().meta({ description: 'the same of its spot checks' }),
    text: z.string(),
    window_intervals: count.meta({
      description: 'settled intervals that were looked at, of those that are shown',
    }),
  })
  .meta({
    id: 'Detection',
    description:
      'The smallest share of cheated answers that the checks would have caught with 95 % probability. Answers: all it gave in the window; full checks: its challenges and audits among them that were computed again and compared; spot checks: those of one step and one frame. What is cheated throughout (another model, precision or seed, fewer steps, a cached or invented video) breaks every step, so that one spot check finds it; one that skips m of n steps is found with m/n.',
  })

export const proverDetailSchema = z
  .object({
    object: z.literal('prover'),
    ...verifierMembers,
    ...proverMembers,
    why: z.string().meta({ description: 'why it has its tier, and what the next one requires' }),
    this_tier: linesSchema.meta({ description: 'what its tier requires; a miss costs it' }),
    next_tier: linesSchema
      .nullable()
      .meta({ description: 'all met: an interval like it promotes' }),
    fast_return: linesSchema.nullable().meta({
      description: 'the way straight back to Challenger, for who fell by downtime only',
    }),
    score: scoreSchema.nullable(),
    history: z.array(historySchema).meta({ description: 'oldest first, at most 200' }),
    moves: z.array(moveSchema).meta({ description: 'newest first' }),
    verdicts: z
      .array(verdictLineSchema)
      .meta({ description: 'newest first, of intervals that are shown' }),
    verdicts_next: z.string().nullable(),
    breaker: z
      .object({
        state: z.enum(['closed', 'open', 'half_open']),
        failures_in_a_row: count,
        open_until: time.nullable(),
      })
      .meta({
        description:
          'as users’ requests alone leave it; the router counts challenges too, which are not shown while their interval runs',
      }),
    routing: routingSchema,
    detection: detectionSchema,
    earlier_registrations: z.array(
      z.object({
        registered_block: count,
        tier: tierSchema,
        score_ppm: ppm,
        total_successes: count,
        last_settled_interval: count.nullable(),
      }),
    ),
  })
  .meta({ id: 'ProverDetail' })

export type ProverDetail = z.output<typeof proverDetailSchema>
