import type { Request } from 'express'
import { isShredded } from '../../base/net/shredded.js'

/** How much of a refused body is read and thrown away. */
const DISCARDED_BYTES = 8 * 2 ** 20

/**
 * Lets a client whose body was refused read why: closing at once could lose the answer, and
 * reading on forever would accept what was refused. Small bodies leave the connection for the next
 * request; after so many bytes of a larger one it is cut.
 */
export function discardBody(req: Request): void {
  if (req.complete || req.destroyed) return
  let bytes = 0
  let pieces = 0
  const discard = (part: Buffer) => {
    bytes += part.length
    pieces += 1
    if (bytes <= DISCARDED_BYTES && !isShredded(pieces, bytes)) return
    req.off('data', discard).pause()
    req.socket.destroySoon()
  }
  req.on('data', discard)
  req.resume()
}
