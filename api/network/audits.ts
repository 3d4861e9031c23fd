import { z } from 'zod'
import type { ApiDeps } from '../deps.js'
import { type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import { auditResultsSchema, FollowerResults } from './audit-results.js'
import { verifierMembers } from './schema.js'

const schema = z
  .object({
    object: z.literal('audits'),
    ...verifierMembers,
    results: auditResultsSchema.nullable().meta({
      description: 'null where the operator names no follower, and where it cannot be read',
    }),
    problem: z
      .string()
      .nullable()
      .meta({ description: 'why a follower that is named tells nothing' }),
  })
  .meta({ id: 'Audits' })

/** `/v1/network/audits`: what somebody's `fractal audit --follow` found, where the operator names it. */
export function auditsOperation(deps: ApiDeps, answers: NetworkAnswers): Operation {
  const { verifierId, auditResults, elapsed } = deps
  const follower = new FollowerResults(auditResults, verifierId.verifier, elapsed)
  return operation({
    id: 'listAudits',
    method: 'get',
    path: '/v1/network/audits',
    tag: 'Network',
    access: 'network',
    summary: 'What somebody who audits this verifier found',
    description:
      'Of the last intervals, where the operator names a follower (`--api.audit_results`). It is the word of whoever ran it, chosen by the operator: run your own with `fractal audit --follow`.',
    answers: {
      200: { description: 'What was found', schema },
      304: { description: 'Not modified' },
    },
    errors: [],
    before: [openToPages],
    run: ({ req, res }) =>
      answers.send(
        req,
        res,
        {},
        async (): Promise<z.output<typeof schema>> => ({
          object: 'audits',
          ...verifierId,
          ...(await follower.read()),
        }),
      ),
  })
}
