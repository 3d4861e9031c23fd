import { z } from 'zod'
import type { ApiDeps } from '../deps.js'
import { textLike } from '../http/fields.js'
import { nothingAt, type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import { proverDetail } from './prover-detail.js'
import { proverDetailSchema } from './prover-schema.js'
import { cursorPattern, parseCursor } from './schema.js'

/** What looks like an ss58 address of 32 bytes; whether there is such a hotkey the ledger knows. */
const SS58 = /^[1-9A-HJ-NP-Za-km-z]{46,50}$/

const params = {
  schema: z.object({
    hotkey: z
      .string()
      .regex(SS58)
      .meta({ example: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY' }),
  }),
  code: 'prover_not_found' as const,
  message: (hotkey: string) => `There is no prover with the hotkey ${hotkey}.`,
  hint: 'GET /v1/network/provers lists the provers.',
}

const querySchema = z.strictObject({
  verdicts_after: textLike(
    new RegExp(`^[1-9]\\d{0,8}\\.${cursorPattern}$`),
    'must be a value of verdicts_next',
  )
    .transform((cursor) => {
      const dot = cursor.indexOf('.')
      return { n: Number(cursor.slice(0, dot)), ...parseCursor(cursor.slice(dot + 1)) }
    })
    .optional()
    .meta({ description: '`verdicts_next` of the previous page' }),
})

/** `/v1/network/provers/{hotkey}` */
export function proverOperation(deps: ApiDeps, answers: NetworkAnswers): Operation {
  return operation({
    id: 'getProver',
    method: 'get',
    path: '/v1/network/provers/{hotkey}',
    tag: 'Network',
    access: 'network',
    summary: 'Get a prover: why it has its tier and its score, and what the next tier requires',
    description:
      'Of the hotkey’s present registration; one that registers again starts from nothing. All of it is as the newest interval that is shown left it: nothing of a running interval is, and nothing of a settled one before its weights are in the open on the chain. The breaker alone follows users’ requests as they end.',
    params,
    query: querySchema,
    answers: {
      200: { description: 'The prover', schema: proverDetailSchema },
      304: { description: 'Not modified' },
    },
    errors: ['invalid_request', 'unknown_field', 'prover_not_found'],
    before: [openToPages],
    run: ({ params: { hotkey }, query, req, res }) =>
      answers.send(req, res, query, async () => {
        const detail = await proverDetail(deps, hotkey, query.verdicts_after ?? null)
        if (detail === null) throw nothingAt(params, hotkey)
        return detail
      }),
  })
}
