import type { RequestHandler } from 'express'
import { KeyedLimit } from '../../base/concurrency/keyed-limit.js'
import { ApiError } from '../http/errors.js'
import { apiKeyId } from './key-gate.js'
import type { Access } from './required-scope.js'

/**
 * A key's reads that are not answered yet, in one process. An answer that its client does not take stays in
 * memory; 32 of the largest are some 100 MB. A browser asks 6 at once, a program that polls seldom more.
 */
const MAX_READS = 32

interface Read {
  readonly access: Access
  readonly answers: Readonly<Record<number, { readonly events?: unknown }>>
}

/**
 * Whether an operation's calls are counted. Streams of events are long, and hold nothing back for a slow
 * client.
 */
export function isCountedRead({ access, answers }: Read): boolean {
  return access === 'read' && !Object.values(answers).some(({ events }) => events !== undefined)
}

/**
 * Lets through so many reads of one key at once; stands behind its gate. One for all operations of a process.
 */
export function limitReads(): RequestHandler {
  const unanswered = new KeyedLimit(MAX_READS)
  return (_req, res, next) => {
    // A client that left while its key was looked up needs no answer, and its `close` has already come.
    if (res.closed) return
    const release = unanswered.tryAcquire(apiKeyId(res))
    if (release === null) {
      throw new ApiError('too_many_requests', `This key has ${MAX_READS} requests in flight.`, {
        hint: 'Read the responses, and send fewer requests in parallel.',
      })
    }
    res.once('close', release)
    next()
  }
}
