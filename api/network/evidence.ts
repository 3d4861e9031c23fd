import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { z } from 'zod'
import type { Semaphore } from '../../base/concurrency/semaphore.js'
import { isRecordPublic } from '../../ledger/intervals/records.js'
import { type EvidenceAccess, evidenceAccess, evidenceFile } from '../../ledger/judging/evidence.js'
import type { ApiDeps } from '../deps.js'
import { sendBytes } from '../http/byte-range.js'
import { ApiError } from '../http/errors.js'
import { nothingAt, type Operation, operation } from '../http/operation.js'

const inflate = promisify(gunzip)

const schema = z
  .looseObject({ version: z.string(), reason: z.string(), signature: z.string() })
  .meta({ id: 'Evidence', description: 'canonical JSON; docs/evidence.md describes its members' })

const params = {
  schema: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  code: 'evidence_not_found' as const,
  message: (sha256: string) => `There is no evidence ${sha256}.`,
  hint: 'Hashes of evidence are in `verdicts` of GET /v1/network/provers/{hotkey}.',
}

/** `/v1/network/evidence/{sha256}`: what a cheat was judged by. */
export function evidenceOperation(
  deps: Pick<ApiDeps, 'db' | 'verifierId' | 'publicNetwork' | 'whoSigned'>,
  semaphore: Semaphore,
): Operation {
  const { db, verifierId } = deps
  return operation({
    id: 'getEvidence',
    method: 'get',
    path: '/v1/network/evidence/{sha256}',
    tag: 'Network',
    access: 'everybody',
    summary: 'The evidence of a cheat, for the accused',
    description:
      'Once its interval is final, to the prover that it accuses: its hotkey signs the request (Bittensor’s btauth/1, with the verifier as receiver). To everybody, without a signature, once the interval’s record is public, when no words of a user are in it (and the network’s pages are open). `fractal evidence get` asks, `fractal evidence verify` checks it.',
    params,
    answers: {
      200: { description: 'The evidence', schema, headers: { ETag: 'its hash' } },
      206: { description: 'The requested range', media: 'application/json' },
      304: { description: 'Not modified' },
    },
    errors: ['invalid_signature', 'not_the_accused', 'evidence_not_found', 'range_not_satisfiable'],
    run: async ({ params: { sha256 }, req, res }) => {
      // One at a time: a file may have many megabytes.
      const text = await semaphore.run(async () => {
        const access = await evidenceAccess(db, verifierId, sha256)
        if (access === null) throw nothingAt(params, sha256)
        if (!(await isPublic(deps, access))) assertAccused(deps.whoSigned(req), access)
        const gzip = await evidenceFile(db, verifierId, sha256)
        // Removed for its age between these questions.
        if (gzip === null) throw nothingAt(params, sha256)
        return inflate(gzip)
      })
      res.set({
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'private, no-transform',
      })
      sendBytes(req, res, text, `"${sha256}"`)
    },
  })
}

async function isPublic(
  { db, verifierId, publicNetwork }: Pick<ApiDeps, 'db' | 'verifierId' | 'publicNetwork'>,
  { ofUser, n }: EvidenceAccess,
): Promise<boolean> {
  return !ofUser && publicNetwork && (await isRecordPublic(db, verifierId, n))
}

/** @throws ApiError */
function assertAccused(signed: ReturnType<ApiDeps['whoSigned']>, { hotkey }: EvidenceAccess): void {
  if (!signed.ok) {
    throw new ApiError('invalid_signature', `The request is not signed: ${signed.reason}.`, {
      hint: 'The accused hotkey signs it (btauth/1) for the verifier: `fractal evidence get` does.',
    })
  }
  if (signed.sender !== hotkey) {
    throw new ApiError('not_the_accused', 'This evidence is for the prover that it accuses.')
  }
}
