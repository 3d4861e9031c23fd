import { FractalError, type FractalErrorOptions } from '../base/errors.js'

/**
 * - `address_refused`: an address that must not be connected to (private, loopback, malformed …)
 * - `bad_request`: a request body that is not a generation or opening request
 * - `stream_truncated`: the stream ended inside a record
 * - `stream_oversized`: a length above its cap: nothing of that size was read
 * - `stream_malformed`: bytes that are not a record, or records out of order
 * - `frame_malformed`: a frame that does not inflate to exactly its raw size
 * - `unreachable`: no connection, or none in time
 * - `tls_failed`: a certificate that is not valid for the name, or no TLS at all
 * - `no_answer`: connected, but the answer did not come or broke off
 * - `late`: the whole deadline passed
 * - `stalled`: work had begun, then nothing came for too long
 * - `http_malformed`: not an answer of this protocol (including redirects)
 * - `http_refused`: an HTTP status that refuses; `details.status` and `details.code` say which
 * - `bad_signature`: an answer that its prover did not sign
 * - `cancelled`: the caller's own signal ended the exchange
 */
export type WireErrorCode =
  | 'address_refused'
  | 'bad_request'
  | 'stream_truncated'
  | 'stream_oversized'
  | 'stream_malformed'
  | 'frame_malformed'
  | 'unreachable'
  | 'tls_failed'
  | 'no_answer'
  | 'late'
  | 'stalled'
  | 'http_malformed'
  | 'http_refused'
  | 'bad_signature'
  | 'cancelled'

/** Something on the wire that is invalid or failed. */
export class WireError extends FractalError {
  declare readonly code: WireErrorCode

  constructor(code: WireErrorCode, message: string, options: FractalErrorOptions = {}) {
    super(code, message, options)
  }
}
