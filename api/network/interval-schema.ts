import { z } from 'zod'
import { MISSED_CAUSES, type MissedCause } from '../../rules/explain/missed-causes.js'
import {
  commitmentSchema,
  hiddenMembers,
  phaseSchema,
  weightsKindSchema,
  weightsStateSchema,
} from './intervals.js'
import {
  checkKindSchema,
  count,
  hotkeySchema,
  moveReasonSchema,
  ppm,
  provenMembers,
  rateSchema,
  reasonSchema,
  tierSchema,
  time,
  verdictSchema,
  verifierMembers,
} from './schema.js'

const roundSchema = z.object({ round: count, moment_block: count, requests: count })

const planItemSchema = z.object({
  round: count,
  k: count,
  hotkey: hotkeySchema,
  request_id: z.uuid(),
  moment_block: count,
  body_sha256: z.string(),
})

const checkSchema = z.object({
  request_id: z.uuid(),
  hotkey: hotkeySchema,
  kind: checkKindSchema,
  verdict: verdictSchema,
  reason: reasonSchema,
  reason_text: z.string(),
  reward_ppm: ppm.nullable(),
  detail: z.record(z.string(), z.unknown()).nullable(),
  decided_at: time,
})

const scoreSchema = z.object({
  uid: z.int().min(0),
  hotkey: hotkeySchema,
  tier_before: tierSchema,
  tier_after: tierSchema,
  move_reason: z.string().nullable(),
  request_success_rate: rateSchema,
  request_attempts: count,
  request_successes: count,
  validation_success_rate: rateSchema,
  checks_judged: count,
  checks_passed: count,
  cheats: count,
  total_successes_before: count,
  total_successes_after: count,
  observation_ppm: ppm.nullable(),
  wide_slots: count.meta({ description: 'slots of the wide rounds that counted in it' }),
  wide_kept: count.meta({ description: 'of them, those that it kept' }),
  offered: count.meta({ description: 'other requests that it was sent while it had room' }),
  accepted: count.meta({ description: 'of them, those that it did not refuse' }),
  ...provenMembers,
  score_before_ppm: ppm,
  score_after_ppm: ppm,
})

const moveSchema = z.object({
  uid: z.int().min(0),
  hotkey: hotkeySchema,
  from_tier: tierSchema,
  to_tier: tierSchema,
  reason: moveReasonSchema,
  reason_text: z.string(),
  at: time,
})

export const intervalDetailSchema = z
  .object({
    object: z.literal('interval'),
    ...verifierMembers,
    n: count,
    first_block: count,
    last_block: count,
    first_block_hash: z.string().nullable(),
    phase: phaseSchema,
    failure: z.string().nullable().meta({ description: 'what failed, in one line' }),
    failed: z.boolean(),
    missed_because: z
      .enum(Object.keys(MISSED_CAUSES) as [MissedCause, ...MissedCause[]])
      .nullable()
      .meta({ description: 'of a missed one: what kept the verifier from beginning it' }),
    missed_because_text: z.string().nullable(),
    retryable: z.boolean().meta({ description: 'whether it should be retried' }),
    temporal_url: z
      .url()
      .nullable()
      .meta({ description: 'its workflow in Temporal’s UI; null where there is none' }),
    ...hiddenMembers,
    profile: z.string().nullable(),
    commitment: commitmentSchema.nullable(),
    opened_after: count
      .nullable()
      .meta({ description: 'the settled interval whose tiers it uses' }),
    announced_at: time,
    opened_at: time.nullable(),
    closed_at: time.nullable(),
    settled_at: time.nullable(),
    rounds: z.array(roundSchema).nullable().meta({
      description: 'null while it is hidden, and when it was never opened',
    }),
    plan: z.array(planItemSchema).nullable().meta({ description: 'null while it is hidden' }),
    verdicts: z.array(checkSchema).nullable().meta({
      description: 'a page of its challenges, audits and spot checks; null while it is hidden',
    }),
    verdicts_next: z.string().nullable().meta({
      description: 'value of `verdicts_after` for the next page; null on the last',
    }),
    scores: z.array(scoreSchema).meta({ description: 'empty while it is hidden' }),
    moves: z.array(moveSchema).meta({ description: 'empty while it is hidden' }),
    weights: z
      .object({
        kind: weightsKindSchema,
        state: weightsStateSchema,
        reason: z.string().nullable(),
        uids: z
          .array(z.int().min(0))
          .nullable()
          .describe('Null while it is hidden: others could copy the weights'),
        values_u16: z.array(z.int().min(0)).nullable(),
        commit_block: count
          .nullable()
          .describe('The block that holds the newest commit, where the subnet hides weights first'),
        reveal_first_block: count.nullable().describe('The first that may include its reveal'),
        reveal_last_block: count.nullable(),
        included_block: count.nullable(),
        included_hash: z.string().nullable(),
        read_back_ok: z.boolean().nullable(),
      })
      .nullable(),
    record: z
      .object({
        hash: z.string(),
        previous_hash: z.string().nullable(),
        signature: z.string().nullable(),
        signed_at: time.nullable(),
        public: z.boolean().meta({ description: 'whether it can be read under `/record`' }),
        expired: z.boolean().meta({
          description: 'it was public and was removed for its age; hash and signature stay',
        }),
      })
      .nullable(),
  })
  .meta({ id: 'Interval' })

export type IntervalDetailObject = z.output<typeof intervalDetailSchema>
