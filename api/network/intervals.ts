import { z } from 'zod'
import {
  type IntervalOverviewRow,
  intervalsOverview,
} from '../../ledger/intervals/interval-views.js'
import { INTERVAL_PHASES } from '../../ledger/intervals/intervals.js'
import { type CommitmentRow, newestCommitment } from '../../ledger/intervals/secrets.js'
import {
  HIDDEN_BECAUSE,
  type HiddenBecause,
  hiddenBecause,
  shownThrough,
} from '../../ledger/intervals/shown.js'
import { WEIGHT_SET_KINDS, WEIGHT_SET_STATES } from '../../ledger/intervals/weights.js'
import { intervalLink } from '../../temporal/ui-links.js'
import type { ApiDeps } from '../deps.js'
import { wholeNumberText } from '../http/fields.js'
import { type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import { intervalOutcome } from './interval-outcome.js'
import { count, intervalNumber, isoOrNull, listOf, time } from './schema.js'

export const phaseSchema = z.enum(INTERVAL_PHASES)
export const weightsKindSchema = z.enum(WEIGHT_SET_KINDS)
export const weightsStateSchema = z.enum(WEIGHT_SET_STATES)

export const commitmentSchema = z
  .object({ interval: count, secret_sha256: z.string(), signature: z.string() })
  .meta({
    id: 'Commitment',
    description:
      'What the verifier committed to before the interval began; the signed text is `fractal-commit/1` of formats/commitment.ts. The secret itself comes with the record.',
  })

/** Members of an interval that say whether what it found is told. */
export const hiddenMembers = {
  hidden_because: z
    .enum(Object.keys(HIDDEN_BECAUSE) as [HiddenBecause, ...HiddenBecause[]])
    .nullable()
    .meta({ description: 'why nothing of what it found is told yet; null: all of it is' }),
  hidden_because_text: z.string().nullable(),
}

const untilShown = count.nullable().meta({ description: 'null while the interval is hidden' })

export const intervalLineSchema = z
  .object({
    n: count,
    first_block: count,
    last_block: count,
    phase: phaseSchema,
    outcome: z.string().meta({ description: 'phase and outcome, for people' }),
    failure: z.string().nullable(),
    opened_at: time.nullable(),
    settled_at: time.nullable(),
    provers: count,
    ...hiddenMembers,
    checks: untilShown,
    passes: untilShown,
    cheats: untilShown,
    fails: untilShown,
    request_attempts: untilShown,
    request_successes: untilShown,
    moves: untilShown,
    weights: z.object({ kind: weightsKindSchema, state: weightsStateSchema.nullable() }).nullable(),
    record_hash: z.string().nullable(),
    commitment: commitmentSchema.nullable(),
    temporal_url: z.url().nullable(),
  })
  .meta({ id: 'IntervalLine' })

const DEFAULT_INTERVALS = 20
const MAX_INTERVALS = 100

const querySchema = z.strictObject({
  limit: wholeNumberText(MAX_INTERVALS)
    .optional()
    .meta({ description: `page size; ${DEFAULT_INTERVALS} by default` }),
  before: intervalNumber.optional().meta({ description: 'only intervals before this one' }),
})

export function commitmentObject(
  row: CommitmentRow | null,
): z.output<typeof commitmentSchema> | null {
  return row === null
    ? null
    : { interval: row.n, secret_sha256: row.secretSha256, signature: row.signature }
}

/**
 * A line of the list. While the interval is hidden its checks are null, and its requests: a prover
 * that watched them could tell which of those it got was a challenge, and that it will hardly be
 * checked again; another verifier could copy what they come to.
 */
function intervalObject(
  deps: ApiDeps,
  row: IntervalOverviewRow,
  through: number,
): z.output<typeof intervalLineSchema> {
  const { commitmentSha256: secretSha256, commitmentSignature: signature } = row
  const hidden = hiddenBecause(row, through)
  const shown = hidden === null
  return {
    n: row.n,
    first_block: row.firstBlock,
    last_block: row.firstBlock + row.length - 1,
    phase: row.phase,
    outcome: intervalOutcome(row, shown),
    failure: row.failure,
    opened_at: isoOrNull(row.openedAt),
    settled_at: isoOrNull(row.settledAt),
    provers: row.provers,
    hidden_because: hidden,
    hidden_because_text: hidden && HIDDEN_BECAUSE[hidden],
    checks: shown ? row.checks : null,
    passes: shown ? row.passes : null,
    cheats: shown ? row.cheats : null,
    fails: shown ? row.fails : null,
    request_attempts: shown ? row.requests : null,
    request_successes: shown ? row.requestSuccesses : null,
    moves: shown ? row.moves : null,
    weights: row.weightsKind === null ? null : { kind: row.weightsKind, state: row.weightsState },
    record_hash: row.recordHash,
    commitment: commitmentObject(
      secretSha256 === null || signature === null ? null : { n: row.n, secretSha256, signature },
    ),
    temporal_url: intervalLink(deps, row.n),
  }
}

/** `/v1/network/intervals` */
export function intervalsOperation(deps: ApiDeps, answers: NetworkAnswers): Operation {
  const { db, verifierId } = deps
  return operation({
    id: 'listIntervals',
    method: 'get',
    path: '/v1/network/intervals',
    tag: 'Network',
    access: 'network',
    summary: 'List intervals, newest first',
    query: querySchema,
    answers: {
      200: {
        description: 'A page; for the next one send its last `n` as `before`',
        schema: listOf(intervalLineSchema)
          .extend({ has_more: z.boolean(), newest_commitment: commitmentSchema.nullable() })
          .meta({ id: 'IntervalList' }),
      },
      304: { description: 'Not modified' },
    },
    errors: ['invalid_request', 'unknown_field'],
    before: [openToPages],
    run: ({ query, req, res }) =>
      answers.send(req, res, query, async () => {
        const { limit = DEFAULT_INTERVALS, before } = query
        // One more than asked for tells whether there are more.
        const page = { limit: limit + 1, ...(before === undefined ? {} : { before }) }
        const through = await shownThrough(db, verifierId)
        const [rows, newest] = await Promise.all([
          intervalsOverview(db, verifierId, page),
          newestCommitment(db, verifierId),
        ])
        return {
          object: 'list',
          ...verifierId,
          data: rows.slice(0, limit).map((row) => intervalObject(deps, row, through)),
          has_more: rows.length > limit,
          newest_commitment: commitmentObject(newest),
        }
      }),
  })
}
