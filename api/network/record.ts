import { z } from 'zod'
import type { Semaphore } from '../../base/concurrency/semaphore.js'
import { FINAL_PHASES } from '../../ledger/intervals/interval-views.js'
import { type IntervalRow, intervalByN } from '../../ledger/intervals/intervals.js'
import { isRecordPublic, recordBody, recordOf } from '../../ledger/intervals/records.js'
import type { ApiDeps } from '../deps.js'
import { sendBytes } from '../http/byte-range.js'
import { ApiError } from '../http/errors.js'
import { type Operation, operation } from '../http/operation.js'
import { openToPages } from './answer-cache.js'
import { intervalParams, noInterval } from './interval.js'

const recordSchema = z
  .looseObject({ version: z.string(), n: z.int(), verifier: z.string() })
  .meta({ id: 'Record', description: 'canonical JSON: sorted keys, integers, no spaces' })

/** `/v1/network/intervals/{n}/record`: the bytes that the verifier's hash and signature are over. */
export function recordOperation(
  { db, verifierId, publicNetwork }: ApiDeps,
  semaphore: Semaphore,
): Operation {
  return operation({
    id: 'getIntervalRecord',
    method: 'get',
    path: '/v1/network/intervals/{n}/record',
    tag: 'Network',
    access: 'network',
    summary: 'The public record of an interval, byte for byte as it was hashed',
    description:
      'Public once it is signed, its weights are on the chain (or given up) and a later interval has settled. The interval has its hash and signature.',
    params: intervalParams,
    answers: {
      200: { description: 'The record', schema: recordSchema, headers: { ETag: 'its hash' } },
      206: { description: 'The requested range', media: 'application/json' },
      304: { description: 'Not modified' },
    },
    errors: [
      'interval_not_found',
      'record_not_found',
      'record_not_public',
      'range_not_satisfiable',
    ],
    before: [openToPages],
    run: async ({ params: { n }, req, res }) => {
      const record = await semaphore.run(async () => {
        const interval = await intervalByN(db, verifierId, n)
        if (interval === null) throw noInterval(n)
        if (!(await isRecordPublic(db, verifierId, n))) throw notPublic(interval, n)
        const [row, body] = await Promise.all([
          recordOf(db, verifierId, n),
          recordBody(db, verifierId, n),
        ])
        // Removed for its age between these questions.
        if (row === null || body === null) throw notPublic(interval, n)
        return { hash: row.hash, body }
      })
      // It never changes, and nobody on the way may change it: it is hashed.
      const open = publicNetwork && req.headers.authorization === undefined
      res.set({
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': `${open ? 'public' : 'private'}, max-age=86400, immutable, no-transform`,
      })
      sendBytes(req, res, Buffer.from(record.body), `"${record.hash}"`)
    },
  })
}

function notPublic({ phase, forgottenAt }: IntervalRow, n: number): ApiError {
  if (forgottenAt !== null) {
    return new ApiError(
      'record_not_found',
      `The record of interval ${n} was public, and is no longer stored.`,
      {
        hint: `Its hash and signature stay in /v1/network/intervals/${n}: verify a copy fetched earlier with them.`,
        param: 'n',
      },
    )
  }
  if (phase === 'missed') {
    return new ApiError('record_not_found', `Interval ${n} was missed: it has no record.`, {
      hint: `GET /v1/network/intervals/${n} says why.`,
      param: 'n',
    })
  }
  const why = FINAL_PHASES.includes(phase)
    ? 'Its record is published when its weights are on the chain and a later interval has settled.'
    : 'It is not settled yet.'
  return new ApiError('record_not_public', `The record of interval ${n} is not public yet.`, {
    hint: why,
    param: 'n',
  })
}
