/** However few bytes they have. */
const FREE_PIECES = 1024
/** Lines deliver segments of 536 bytes or more, and proxies some kilobytes at once. */
const PIECE_BYTES = 256

/**
 * Whether a body comes in more pieces than any line cuts it into. Each piece costs its reader some microseconds and
 * hundreds of bytes of memory, so that chunks of one byte would cost a hundred times what they cost their sender.
 */
export function isShredded(pieces: number, bytes: number): boolean {
  return pieces > FREE_PIECES + bytes / PIECE_BYTES
}
