import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import { intervalByN, setFailure } from '../../ledger/intervals/intervals.js'
import { missedText } from '../../rules/explain/missed-causes.js'
import { resetInterval } from '../../temporal/reset-interval.js'
import type { ApiDeps } from '../deps.js'
import { ApiError, type ApiErrorCode } from '../http/errors.js'
import { oneOf } from '../http/fields.js'
import { type Operation, operation } from '../http/operation.js'
import { intervalParams, noInterval } from './interval.js'
import { count } from './schema.js'

const retrySchema = z
  .object({ n: count, workflow_id: z.string(), run_id: z.string() })
  .meta({ id: 'IntervalRetry' })

const querySchema = z.strictObject({
  force: oneOf(['true', 'false']).optional().meta({
    description: 'restart even if it is running or did not fail',
  }),
})

const FORCE = 'Use ?force=true to restart it anyway.'

/** This API's errors for those of a reset. */
const CODES: Readonly<Record<string, { code: ApiErrorCode; hint?: string }>> = {
  still_running: { code: 'interval_running', hint: `Wait until it ends. ${FORCE}` },
  nothing_to_reset: { code: 'nothing_to_retry', hint: FORCE },
  no_workflow: { code: 'nothing_to_retry', hint: 'Temporal forgets workflows after a while.' },
  temporal_unreachable: { code: 'temporal_unavailable', hint: 'Retry in a moment.' },
}

/** `/v1/network/intervals/{n}/retry` */
export function retryOperation(deps: ApiDeps): Operation {
  const { db, verifierId, temporal, log } = deps
  return operation({
    id: 'retryInterval',
    method: 'post',
    path: '/v1/network/intervals/{n}/retry',
    tag: 'Network',
    access: 'admin',
    summary: 'Retry a failed interval from its start',
    description:
      'What is recorded stands: nobody is asked, counted or paid twice, no weights are sent twice. Of an interval that is final only what was left open is done: its record is signed, weights that were decided and never sent are sent unless newer ones were.',
    params: intervalParams,
    query: querySchema,
    answers: { 200: { description: 'Its workflow runs', schema: retrySchema } },
    errors: [
      'invalid_request',
      'unknown_field',
      'interval_not_found',
      'interval_running',
      'nothing_to_retry',
      'temporal_unavailable',
    ],
    run: async ({ params: { n }, query, res }) => {
      const interval = await intervalByN(db, verifierId, n)
      if (interval === null) throw noInterval(n)
      if (interval.phase === 'missed') {
        throw new ApiError(
          'nothing_to_retry',
          `Interval ${n} was missed (${missedText(interval.missedBecause)}): there is nothing to run again.`,
          { hint: 'No score, tier or weight changed by it, and nothing has to be repaired.' },
        )
      }
      const force = query.force === 'true'
      const { workflowId, runId } = await resetInterval(temporal, verifierId, {
        n,
        reason: 'retried through the API',
        running: force,
        completed: force,
      }).catch((error: unknown) => {
        throw toApiError(error)
      })
      // Its first step does the same; this way the page that asked need not wait for it.
      await setFailure(db, verifierId, n, null)
      log.info({ n, runId }, 'interval restarted')
      res.json({ n, workflow_id: workflowId, run_id: runId } satisfies z.output<typeof retrySchema>)
    },
  })
}

/** Addresses that Temporal's client names are the operator's, not the caller's. */
function toApiError(error: unknown): unknown {
  if (!(error instanceof FractalError)) return error
  const known = CODES[error.code]
  if (known === undefined) return error
  const message =
    known.code === 'temporal_unavailable' ? 'Temporal cannot be reached.' : error.message
  return new ApiError(known.code, message, {
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    cause: error,
  })
}
