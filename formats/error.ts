import { FractalError } from './fractal-error.js'

/**
 * - `not_canonical`: a value has no canonical JSON (a float, an unsafe integer, undefined, a lone surrogate,
 *   a foreign object)
 * - `bad_hex`: text is not lowercase hex of whole bytes, or has the wrong length
 * - `bad_base64`: text is not padded base64, or not in canonical form
 * - `bad_digest`: a digest is not 32 bytes, or their number does not fit the shape
 * - `bad_integer`: a number is not an integer in the range that the format allows
 * - `bad_guidance`: guidance has more than three decimals, or is not finite
 * - `bad_text`: text would break the format that carries it (a line break, a separator, outside ASCII)
 * - `bad_path`: a path of a model folder is not relative, plain and unique
 */
export type FormatErrorCode =
  | 'not_canonical'
  | 'bad_hex'
  | 'bad_base64'
  | 'bad_digest'
  | 'bad_integer'
  | 'bad_guidance'
  | 'bad_text'
  | 'bad_path'

/** A value that can't be represented in the requested format; never retryable. */
export class FormatError extends FractalError {
  declare readonly code: FormatErrorCode

  constructor(code: FormatErrorCode, message: string) {
    super(code, message)
  }
}
