import { z } from 'zod'
import { lastSettled, latestInterval, profileInForce } from '../../ledger/intervals/intervals.js'
import { shownThrough } from '../../ledger/intervals/shown.js'
import { publishedBodySchema, publishedClasses } from '../../ledger/judging/published-classes.js'
import { tiersOverview } from '../../ledger/provers/network.js'
import { TIERS } from '../../rules/tiers.js'
import { loopLink } from '../../temporal/ui-links.js'
import type { ApiDeps } from '../deps.js'
import { type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import { phaseSchema } from './intervals.js'
import { count, isoOrNull, tierSchema, time, verifierMembers } from './schema.js'

const publishedClassesSchema = z
  .object({
    body: publishedBodySchema,
    signature: z.string().meta({
      description:
        'by the verifier’s hotkey, over `fractal-classes/1` and the sha256 of the body as canonical JSON (formats/published-classes.ts)',
    }),
  })
  .meta({ id: 'PublishedClasses' })

export const summarySchema = z
  .object({
    object: z.literal('network'),
    ...verifierMembers,
    model: z.string(),
    profile: z.string().nullable().meta({
      description: 'settings of the mechanism in force; null before the first interval',
    }),
    interval: z
      .object({
        n: count,
        phase: phaseSchema,
        first_block: count,
        last_block: count,
        opened_at: time.nullable(),
      })
      .nullable()
      .meta({ description: 'the newest one' }),
    last_settled: z.object({ n: count, settled_at: time.nullable() }).nullable(),
    shown_through: count.meta({
      description:
        'what later intervals found is told nowhere yet: they are not final, or their weights are not in the open on the chain',
    }),
    provers: count.meta({ description: 'in the newest interval that opened' }),
    tiers: z.array(z.object({ tier: tierSchema, provers: count })),
    classes: publishedClassesSchema.nullable().meta({
      description:
        'determinism classes that the verifier can judge; null before its first interval',
    }),
    chain: z.object({ network: z.string(), endpoint: z.string().nullable() }).nullable().meta({
      description:
        'for `--subtensor.network` and `--subtensor.chain_endpoint` of `fractal audit`; null: it needs neither',
    }),
    temporal_ui: z.url().nullable().meta({ description: 'the loop of intervals in Temporal’s UI' }),
  })
  .meta({ id: 'Network' })

/** `/v1/network`: all of it at a glance. */
export function summaryOperation(deps: ApiDeps, answers: NetworkAnswers): Operation {
  const { db, verifierId } = deps
  return operation({
    id: 'getNetwork',
    method: 'get',
    path: '/v1/network',
    tag: 'Network',
    access: 'network',
    summary: 'Network summary',
    answers: {
      200: {
        description: 'Verifier, model, newest interval and provers by tier',
        schema: summarySchema,
      },
      304: { description: 'Not modified' },
    },
    errors: [],
    before: [openToPages],
    run: ({ req, res }) =>
      answers.send(req, res, {}, async (): Promise<z.output<typeof summarySchema>> => {
        const through = await shownThrough(db, verifierId)
        const [newest, settled, profile, rows, classes] = await Promise.all([
          latestInterval(db, verifierId),
          lastSettled(db, verifierId),
          profileInForce(db, verifierId),
          tiersOverview(db, verifierId, through),
          publishedClasses(db, verifierId),
        ])
        const tiers = TIERS.map((tier) => ({
          tier,
          provers: rows.find((row) => row.tier === tier)?.provers ?? 0,
        }))
        return {
          object: 'network',
          ...verifierId,
          model: deps.model.name,
          profile: profile?.name ?? null,
          interval: newest && {
            n: newest.n,
            phase: newest.phase,
            first_block: newest.firstBlock,
            last_block: newest.firstBlock + newest.length - 1,
            opened_at: isoOrNull(newest.openedAt),
          },
          last_settled: settled && { n: settled.n, settled_at: isoOrNull(settled.settledAt) },
          shown_through: through,
          provers: tiers.reduce((sum, { provers }) => sum + provers, 0),
          tiers,
          classes,
          chain: deps.chain,
          temporal_ui: loopLink(deps),
        }
      }),
  })
}
