import { z } from 'zod'
import { listRecords } from '../../ledger/intervals/records.js'
import type { ApiDeps } from '../deps.js'
import { wholeNumberText } from '../http/fields.js'
import { type Operation, operation } from '../http/operation.js'
import { type NetworkAnswers, openToPages } from './answer-cache.js'
import { weightsKindSchema } from './intervals.js'
import { count, intervalNumber, isoOrNull, listOf, time } from './schema.js'

const lineSchema = z
  .object({
    n: count,
    hash: z.string(),
    previous_hash: z.string().nullable(),
    signature: z.string().nullable(),
    signed_at: time.nullable(),
    public: z.boolean().meta({ description: 'whether it can be read now' }),
    expired: z.boolean().meta({
      description: 'it was removed for its age; hash and signature stay',
    }),
    weights: weightsKindSchema.nullable(),
    included_block: count.nullable().meta({ description: 'the block that shows its weights' }),
  })
  .meta({ id: 'RecordLine' })

const DEFAULT_RECORDS = 100
const MAX_RECORDS = 1_000

const querySchema = z.strictObject({
  limit: wholeNumberText(MAX_RECORDS)
    .optional()
    .meta({ description: `page size; ${DEFAULT_RECORDS} by default` }),
  before: intervalNumber.optional().meta({ description: 'only records before this one' }),
})

/** `/v1/network/records`: the chain of hashes, which stays when the records themselves are gone. */
export function recordsOperation(
  { db, verifierId }: Pick<ApiDeps, 'db' | 'verifierId'>,
  answers: NetworkAnswers,
): Operation {
  return operation({
    id: 'listRecords',
    method: 'get',
    path: '/v1/network/records',
    tag: 'Network',
    access: 'network',
    summary: 'List the hashes and signatures of all records, newest first',
    query: querySchema,
    answers: {
      200: {
        description: 'A page; for the next one send its last `n` as `before`',
        schema: listOf(lineSchema).extend({ has_more: z.boolean() }).meta({ id: 'RecordList' }),
      },
      304: { description: 'Not modified' },
    },
    errors: ['invalid_request', 'unknown_field'],
    before: [openToPages],
    run: ({ query, req, res }) =>
      answers.send(req, res, query, async () => {
        const { limit = DEFAULT_RECORDS, before } = query
        // One more than asked for tells whether there are more.
        const page = { limit: limit + 1, ...(before === undefined ? {} : { before }) }
        const rows = await listRecords(db, verifierId, page)
        return {
          object: 'list',
          ...verifierId,
          data: rows.slice(0, limit).map((row) => ({
            n: row.n,
            hash: row.hash,
            previous_hash: row.previousHash,
            signature: row.signature,
            signed_at: isoOrNull(row.signedAt),
            public: row.public,
            expired: row.expired,
            weights: row.kind,
            included_block: row.includedBlock,
          })),
          has_more: rows.length > limit,
        }
      }),
  })
}
