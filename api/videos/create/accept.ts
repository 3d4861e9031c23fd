import type { Request, Response } from 'express'
import { KeyedMutex } from '../../../base/concurrency/keyed-mutex.js'
import { fromHex } from '../../../formats/bytes.js'
import { workOf } from '../../../formats/generation.js'
import { requestIdFromBytes } from '../../../formats/request-id.js'
import type { Queryable, Tx } from '../../../ledger/database.js'
import { admitVideo, readKeyUse } from '../../../ledger/keys/admission.js'
import type { KeyLimits } from '../../../ledger/keys/api-keys.js'
import {
  type IdempotentRequest,
  idempotentJob,
  lockIdempotencyKey,
  lockSeed,
  recordIdempotentJob,
} from '../../../ledger/requests/idempotency.js'
import { findRepeat, getJob, insertJob, type JobRow } from '../../../ledger/requests/jobs.js'
import { requestCounts } from '../../../rules/settle/request-counts.js'
import { callerKey } from '../../auth/key-gate.js'
import { assertAdmitted, setLimits } from '../../auth/rate-limit-headers.js'
import type { ApiDeps } from '../../deps.js'
import { ApiError, type ApiErrorCode } from '../../http/errors.js'
import { completeVideoRequest, type VideoParams } from './complete-request.js'
import { idempotencyKey, requestSha256 } from './idempotency.js'
import type { VideoRequest } from './request.js'

/** Errors that accepting a request may end with, besides those of reading its body. */
export const ACCEPT_ERRORS = [
  'invalid_request',
  'limit_exceeded',
  'model_not_found',
  'video_not_found',
  'idempotency_in_flight',
  'idempotency_key_reused',
  'rate_limited',
  'too_many_videos',
  'quota_exceeded',
] as const satisfies readonly ApiErrorCode[]

/** `repeated`: the job was there before, and nobody need start it. */
export interface Accepted {
  readonly job: JobRow
  readonly repeated: boolean
}

/**
 * What takes requests for videos: stores the job and its generation, and counts it against the key's
 * limits, if it has any, in one transaction: from here on it is not lost, and what is refused counts for nothing. Two
 * kinds of requests are answered with a job that is there, and cost nothing: those under an
 * Idempotency-Key that was used, and those with the client's own seed that this key made before (the
 * same request has the same bytes, so nobody need generate them again).
 */
export class VideoAcceptance {
  readonly #deps: ApiDeps
  /** Requests of a limited key wait for its row: here, where they hold no connection meanwhile. */
  readonly #mutexes = new KeyedMutex()

  constructor(deps: ApiDeps) {
    this.#deps = deps
  }

  /** @throws ApiError also what a limit refuses, and a misused Idempotency-Key */
  async accept(req: Request, res: Response, request: VideoRequest): Promise<Accepted> {
    const { db, model, limits } = this.#deps
    const key = callerKey(res)
    const name = idempotencyKey(req)
    const idempotent: IdempotentRequest | null =
      name === null
        ? null
        : { keyId: key.id, idempotencyKey: name, requestSha256: requestSha256(request) }
    const completed = completeVideoRequest(request, model, limits)
    const params = { ...completed, reusePrompt: completed.reusePrompt && key.reusePrompts }
    // Nothing is looked up first and nothing counted: one statement, which is a transaction of its own. A key that has
    // just been given limits has them once it is read again.
    if (!hasLimits(key) && idempotent === null && params.seed === null) {
      return this.#store(db, key.id, params)
    }
    const take = () =>
      db.tx(async (tx) => {
        const before = idempotent === null ? null : await replayed(tx, res, idempotent)
        if (before !== null) return { job: before, repeated: true }
        const accepted = await this.#take(tx, res, key.id, params)
        if (idempotent !== null) await recordIdempotentJob(tx, idempotent, accepted.job.id)
        return accepted
      })
    return hasLimits(key) ? this.#mutexes.run(key.id, take) : take()
  }

  async #take(tx: Tx, res: Response, keyId: string, params: VideoParams): Promise<Accepted> {
    if (params.seed !== null) {
      await lockSeed(tx, keyId, params.seed)
      const wanted = { ...params, seed: params.seed, apiKeyId: keyId }
      const before = await findRepeat(tx, this.#deps.verifierId, wanted)
      if (before !== null) {
        setLimits(res, await readKeyUse(tx, keyId))
        return { job: before, repeated: true }
      }
    }
    const cost = workOf(params)
    assertAdmitted(res, await admitVideo(tx, keyId, cost), cost)
    return this.#store(tx, keyId, params)
  }

  async #store(db: Queryable, keyId: string, params: VideoParams): Promise<Accepted> {
    const { verifierId, model, randomHex, randomSeed } = this.#deps
    const job = await insertJob(db, verifierId, {
      ...params,
      id: `video_${randomHex(12)}`,
      inferenceId: requestIdFromBytes(fromHex(randomHex(16))),
      apiKeyId: keyId,
      // Drawn here, after acceptance, so that nobody can prepare the answer of a request that counts.
      seed: params.seed ?? randomSeed(),
      counted: requestCounts(params, model, params.seed === null),
    })
    return { job, repeated: false }
  }
}

function hasLimits({ requestsPerMinute, concurrentVideos, dailyCost }: KeyLimits): boolean {
  return requestsPerMinute > 0 || concurrentVideos > 0 || dailyCost > 0
}

/** The job that this Idempotency-Key made, as it now stands; null when it has made none. */
async function replayed(tx: Tx, res: Response, request: IdempotentRequest): Promise<JobRow | null> {
  if (!(await lockIdempotencyKey(tx, request))) {
    throw new ApiError(
      'idempotency_in_flight',
      'A request with this Idempotency-Key is in progress right now.',
      { hint: 'Send the same request again in a moment.', param: 'Idempotency-Key' },
    )
  }
  const before = await idempotentJob(tx, request)
  if (before === null) return null
  if (!Buffer.from(before.requestSha256).equals(request.requestSha256)) {
    throw new ApiError(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another request.',
      { hint: 'Use a new key for a new request.', param: 'Idempotency-Key' },
    )
  }
  const job = await getJob(tx, before.jobId)
  if (job === null || job.deletedAt !== null) {
    throw new ApiError('video_not_found', 'The video of this Idempotency-Key was deleted.', {
      hint: 'Use a new key for a new video.',
      param: 'Idempotency-Key',
    })
  }
  setLimits(res, await readKeyUse(tx, request.keyId))
  res.set('Idempotent-Replayed', 'true')
  return job
}
