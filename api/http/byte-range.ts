import type { Request, Response } from 'express'
import { ApiError } from './errors.js'
import { quoted } from './validate.js'

/**
 * For files of one key: cached by its client for an hour, unchanged. Whatever a proxy compresses or shrinks
 * has other digests than those that were signed.
 */
export const CACHE_AS_IT_IS = 'private, max-age=3600, no-transform'

/**
 * Sends bytes that never change under their ETag: whole, or the one range that was asked for
 * (RFC 9110, section 14). Several ranges at once are answered with the whole, which is allowed.
 * @throws ApiError `range_not_satisfiable`
 */
export function sendBytes(req: Request, res: Response, bytes: Buffer, etag: string): void {
  res.set({ ETag: etag, 'Accept-Ranges': 'bytes' })
  if (isKnown(req.headers['if-none-match'], etag)) {
    res.status(304).end()
    return
  }
  const whole = req.headers['if-range'] !== undefined && req.headers['if-range'] !== etag
  const ranges = whole ? undefined : req.range(bytes.length)
  if (ranges === -1) {
    res.set('Content-Range', `bytes */${bytes.length}`)
    throw new ApiError(
      'range_not_satisfiable',
      `The header Range is ${quoted(req.get('range') ?? '')}: the content has ${bytes.length} bytes.`,
      { hint: 'The first byte is 0. Omit the header to get everything.', param: 'Range' },
    )
  }
  const [range] = Array.isArray(ranges) && ranges.type === 'bytes' ? ranges : []
  if (range === undefined || (Array.isArray(ranges) && ranges.length > 1)) {
    end(req, res, bytes)
    return
  }
  res.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${bytes.length}`)
  end(req, res, bytes.subarray(range.start, range.end + 1))
}

/** Not `req.fresh`: it takes `Cache-Control: no-cache`, which is meant for caches on the way, as a no. */
export function isKnown(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}

/** Not `res.send`: it would look at the freshness again and lose the 206. */
function end(req: Request, res: Response, bytes: Buffer): void {
  res.set('Content-Length', String(bytes.length))
  res.end(req.method === 'HEAD' ? undefined : bytes)
}
