import { z } from 'zod'
import type { Semaphore } from '../../base/concurrency/semaphore.js'
import { signedRecordText } from '../../formats/signed-record.js'
import { FINAL_PHASES, type IntervalRow, intervalByN } from '../../ledger/intervals/intervals.js'
import { publishedRecord } from '../../ledger/intervals/records.js'
import type { ApiDeps } from '../deps.js'
import { sendBytes } from '../http/byte-range.js'
import { ApiError } from '../http/errors.js'
import { type Operation, operation } from '../http/operation.js'
import { openToPages } from './answer-cache.js'
import { intervalParams, noInterval } from './interval.js'
import { weightsKindSchema } from './intervals.js'
import { count } from './schema.js'

const recordSchema = z
  .object({
    published: z
      .object({
        kind: weightsKindSchema,
        sent_block: count
          .nullable()
          .meta({ description: 'the block whose neurons the weights were made for' }),
        included_block: count.nullable().meta({ description: 'the block that shows the weights' }),
      })
      .meta({ description: 'what became of its weights; not signed: the chain knows better' }),
    record: z.looseObject({ version: z.string(), n: z.int(), verifier: z.string() }).meta({
      description: 'its members are described in docs/audit.md',
    }),
    signature: z.string().meta({
      description: 'by the verifier, over `fractal-record/1`, a line break and the record’s sha256',
    }),
  })
  .meta({ id: 'Record', description: 'canonical JSON: sorted keys, integers, no spaces' })

/** `/v1/network/intervals/{n}/record`: what `fractal audit` checks. */
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
    summary: 'The public record of an interval, signed',
    description:
      'Public once it is signed, its weights are in the open on the chain (or given up) and a later interval has settled. Its hash is the sha256 of the member `record`, byte for byte as it stands here. `fractal audit` checks it.',
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
        const found = await publishedRecord(db, verifierId, n)
        if (found === null) throw notPublic(interval, n)
        return found
      })
      // It never changes, and nobody on the way may change it: it is hashed.
      const open = publicNetwork && req.headers.authorization === undefined
      res.set({
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': `${open ? 'public' : 'private'}, max-age=86400, immutable, no-transform`,
      })
      const { body, signature, kind, sentBlock: sent_block, includedBlock: included_block } = record
      const text = signedRecordText(body, signature, { kind, sent_block, included_block })
      sendBytes(req, res, Buffer.from(text), `"${record.hash}"`)
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
    ? 'Its record is published when its weights are in the open on the chain and a later interval has settled.'
    : 'It is not settled yet.'
  return new ApiError('record_not_public', `The record of interval ${n} is not public yet.`, {
    hint: why,
    param: 'n',
  })
}
