import { z } from 'zod'
import { shownThrough } from '../../ledger/intervals/shown.js'
import { type ProverOverviewRow, proversOverview } from '../../ledger/provers/network.js'
import { REASONS } from '../../rules/verdicts.js'
import type { ApiDeps } from '../deps.js'
import { type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import {
  checkKindSchema,
  count,
  hotkeySchema,
  iso,
  isoOrNull,
  listOf,
  ppm,
  rate,
  rateSchema,
  reasonSchema,
  tierSchema,
  time,
  verdictSchema,
} from './schema.js'

export const proverMembers = {
  uid: z.int().min(0),
  hotkey: hotkeySchema,
  coldkey: hotkeySchema,
  registered_block: count,
  tier: tierSchema,
  score_ppm: ppm,
  weight_u16: z.int().min(0).nullable().meta({ description: 'of the newest weights on the chain' }),
  total_successes: count,
  present: z.boolean().meta({ description: 'whether the newest interval has it' }),
  reachable: z.boolean().nullable(),
  unreachable_reason: z.string().nullable(),
  capacity_requests: z.int().min(0).nullable(),
  determinism_class: z.string().nullable(),
  first_seen_at: time,
  cheats: z
    .object({
      total: count,
      last_interval: count.nullable(),
      last_settled_at: time.nullable().meta({ description: 'when that interval was settled' }),
    })
    .meta({
      description: 'answers of it that were proven to be cheats, in all intervals that are shown',
    }),
  last_settled_interval: z
    .object({
      n: count,
      request_success_rate: rateSchema,
      request_attempts: count,
      request_successes: count,
      validation_success_rate: rateSchema,
      checks_judged: count,
      checks_passed: count,
      cheats: count,
      observation_ppm: ppm.nullable(),
    })
    .nullable()
    .meta({
      description:
        'the newest settled interval with it that is shown; tier, score and total are as it left them',
    }),
  last_verdicts: z.array(
    z.object({
      interval: count,
      kind: checkKindSchema,
      verdict: verdictSchema,
      reason: reasonSchema,
      reason_text: z.string(),
      decided_at: time,
    }),
  ),
}

export const proverSchema = z.object(proverMembers).meta({ id: 'Prover' })

/** A prover for everybody's eyes. @param row with nothing of intervals that are hidden */
export function proverObject(row: ProverOverviewRow): z.output<typeof proverSchema> {
  return {
    uid: row.uid,
    hotkey: row.hotkey,
    coldkey: row.coldkey,
    registered_block: row.registeredBlock,
    tier: row.tier,
    score_ppm: row.scorePpm,
    weight_u16: row.weight,
    total_successes: row.totalSuccesses,
    present: row.present,
    reachable: row.reachable,
    unreachable_reason: row.unreachableReason,
    capacity_requests: row.capacity,
    determinism_class: row.determinismClass,
    first_seen_at: iso(row.firstSeenAt),
    cheats: {
      total: row.totalCheats,
      last_interval: row.lastCheatN,
      last_settled_at: isoOrNull(row.lastCheatAt),
    },
    last_settled_interval: lastSettledObject(row),
    last_verdicts: row.lastVerdicts.map(({ n, kind, verdict, reason, decidedAt }) => ({
      interval: n,
      kind,
      verdict,
      reason,
      reason_text: REASONS[reason],
      // As Postgres writes it into JSON.
      decided_at: iso(new Date(decidedAt)),
    })),
  }
}

function lastSettledObject(row: ProverOverviewRow) {
  if (row.settledN === null) return null
  return {
    n: row.settledN,
    request_success_rate: rate(row.requestSuccesses, row.requestAttempts),
    request_attempts: row.requestAttempts ?? 0,
    request_successes: row.requestSuccesses ?? 0,
    validation_success_rate: rate(row.checksPassed, row.checksJudged),
    checks_judged: row.checksJudged ?? 0,
    checks_passed: row.checksPassed ?? 0,
    cheats: row.cheats ?? 0,
    observation_ppm: row.observationPpm,
  }
}

/** `/v1/network/provers` */
export function proversOperation(
  { db, verifierId }: Pick<ApiDeps, 'db' | 'verifierId'>,
  answers: NetworkAnswers,
): Operation {
  return operation({
    id: 'listProvers',
    method: 'get',
    path: '/v1/network/provers',
    tag: 'Network',
    access: 'network',
    summary: 'List provers: tier, score, weight, rates',
    description:
      'As the newest interval that is shown left them. Nothing that a later one found is: a prover that knows it was checked would know that another check in the same interval is unlikely, and before an interval’s weights are in the open on the chain another verifier could copy them.',
    answers: {
      200: { description: 'By uid', schema: listOf(proverSchema).meta({ id: 'ProverList' }) },
      304: { description: 'Not modified' },
    },
    errors: [],
    before: [openToPages],
    run: ({ req, res }) =>
      answers.send(req, res, {}, async () => {
        const throughN = await shownThrough(db, verifierId)
        const rows = await proversOverview(db, verifierId, { throughN })
        return { object: 'list', ...verifierId, data: rows.map(proverObject) }
      }),
  })
}
