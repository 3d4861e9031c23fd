import { z } from 'zod'
import { publicInterval } from '../../ledger/intervals/interval-views.js'
import { FINAL_PHASES } from '../../ledger/intervals/intervals.js'
import { isRecordPublic } from '../../ledger/intervals/records.js'
import { isWorkflowStopped } from '../../temporal/is-workflow-stopped.js'
import type { ApiDeps } from '../deps.js'
import type { ApiError } from '../http/errors.js'
import { textLike } from '../http/fields.js'
import { nothingAt, type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import { CHECKS_SHOWN, intervalDetail } from './interval-detail.js'
import { intervalDetailSchema } from './interval-schema.js'
import { cursorPattern, intervalNumber, parseCursor } from './schema.js'

/** An interval's number in an address. */
export const intervalParams = {
  schema: z.object({ n: intervalNumber.meta({ description: 'number of the interval' }) }),
  code: 'interval_not_found' as const,
  message: (n: string) => `There is no interval ${n}.`,
  hint: 'GET /v1/network/intervals lists the intervals, newest first.',
}

export function noInterval(n: number): ApiError {
  return nothingAt(intervalParams, n)
}

const querySchema = z.strictObject({
  verdicts_after: textLike(new RegExp(`^${cursorPattern}$`), 'must be a value of verdicts_next')
    .transform(parseCursor)
    .optional()
    .meta({ description: '`verdicts_next` of the previous page' }),
})

/** `/v1/network/intervals/{n}` */
export function intervalOperation(deps: ApiDeps, answers: NetworkAnswers): Operation {
  const { db, verifierId } = deps
  return operation({
    id: 'getInterval',
    method: 'get',
    path: '/v1/network/intervals/{n}',
    tag: 'Network',
    access: 'network',
    summary:
      'Get an interval; plan, verdicts, moves, scores and weights once its weights are in the open',
    params: intervalParams,
    query: querySchema,
    answers: {
      200: { description: 'The interval', schema: intervalDetailSchema },
      304: { description: 'Not modified' },
    },
    errors: ['invalid_request', 'unknown_field', 'interval_not_found'],
    before: [openToPages],
    run: ({ params: { n }, query, req, res }) =>
      answers.send(req, res, query, async () => {
        // One more than is shown tells whether there are more.
        const page = { after: query.verdicts_after ?? null, limit: CHECKS_SHOWN + 1 }
        const found = await publicInterval(db, verifierId, n, page)
        if (found === null) throw noInterval(n)
        const recordPublic = found.record !== null && (await isRecordPublic(db, verifierId, n))
        const { phase, failure } = found.interval
        const stopped =
          failure === null && !FINAL_PHASES.includes(phase) && (await isWorkflowStopped(deps, n))
        return intervalDetail(deps, found, { recordPublic, stopped })
      }),
  })
}
