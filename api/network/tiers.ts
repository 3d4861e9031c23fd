import { z } from 'zod'
import { profileInForce } from '../../ledger/intervals/intervals.js'
import { shownThrough } from '../../ledger/intervals/shown.js'
import { type TierOverviewRow, tiersOverview } from '../../ledger/provers/network.js'
import {
  PROMOTION_VALIDATIONS,
  TIER_FACTOR_PPM,
  TIER_RATE_PERMILLE,
  TIER_REQUEST_LIMIT,
} from '../../rules/constants.js'
import type { MechanismProfile } from '../../rules/profile.js'
import { TIERS } from '../../rules/tiers.js'
import type { ApiDeps } from '../deps.js'
import { type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import { count, listOf, ppm, tierSchema } from './schema.js'

const minimumRate = z.string().nullable().meta({ example: '94.9 %' })

export const tierObjectSchema = z
  .object({
    tier: tierSchema,
    provers: count,
    score_ppm_sum: ppm,
    requirements: z.object({
      request_success_rate_minimum: minimumRate,
      validation_success_rate_minimum: minimumRate,
      total_successes_minimum: count.nullable().meta({ description: 'null before any interval' }),
      passed_validations_since_last_move_minimum: count,
    }),
    reward_factor_ppm: ppm,
    requests_per_interval_limit: count,
  })
  .meta({ id: 'Tier' })

/**
 * The tiers from the best, with what each asks for.
 * @param profile the one in force; null before the first interval
 */
function tierObjects(
  rows: TierOverviewRow[],
  profile: MechanismProfile | null,
): z.output<typeof tierObjectSchema>[] {
  return TIERS.map((tier) => {
    const row = rows.find((found) => found.tier === tier)
    const permille = TIER_RATE_PERMILLE[tier]
    const minimum = permille === null ? null : `${permille / 10} %`
    return {
      tier,
      provers: row?.provers ?? 0,
      score_ppm_sum: row?.scorePpm ?? 0,
      requirements: {
        request_success_rate_minimum: minimum,
        validation_success_rate_minimum: minimum,
        total_successes_minimum: profile?.tierMinimums[tier] ?? null,
        passed_validations_since_last_move_minimum: tier === 'bronze' ? 0 : PROMOTION_VALIDATIONS,
      },
      reward_factor_ppm: TIER_FACTOR_PPM[tier],
      requests_per_interval_limit: TIER_REQUEST_LIMIT[tier],
    }
  })
}

/** `/v1/network/tiers` */
export function tiersOperation(
  { db, verifierId }: Pick<ApiDeps, 'db' | 'verifierId'>,
  answers: NetworkAnswers,
): Operation {
  return operation({
    id: 'listTiers',
    method: 'get',
    path: '/v1/network/tiers',
    tag: 'Network',
    access: 'network',
    summary: 'List the tiers: members, requirements and benefits',
    description: 'Members and scores are as the newest interval that is shown left them.',
    answers: {
      200: {
        description: 'From the best',
        schema: listOf(tierObjectSchema)
          .extend({ profile: z.string().nullable() })
          .meta({ id: 'TierList' }),
      },
      304: { description: 'Not modified' },
    },
    errors: [],
    before: [openToPages],
    run: ({ req, res }) =>
      answers.send(req, res, {}, async () => {
        const through = await shownThrough(db, verifierId)
        const [rows, profile] = await Promise.all([
          tiersOverview(db, verifierId, through),
          profileInForce(db, verifierId),
        ])
        const data = tierObjects(rows, profile)
        return { object: 'list', ...verifierId, data, profile: profile?.name ?? null }
      }),
  })
}
