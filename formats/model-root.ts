import { type Hex, hasLoneSurrogate, isDigestHex, utf8 } from './bytes.js'
import { FormatError } from './error.js'
import { sha256Hex } from './sha256.js'

export interface ModelFile {
  /** Relative to the model's folder, with `/`. */
  path: string
  /** Of the file's bytes. */
  sha256: Hex
}

/**
 * sha256 over lines `{sha256 hex}  {path}\n`, sorted by the path's bytes: what `sha256sum` prints.
 * @throws FormatError `bad_path`, `bad_hex`
 */
export function modelRoot(files: readonly ModelFile[]): Hex {
  if (files.length === 0) throw new FormatError('bad_path', 'a model without files has no root')
  const sorted = files
    .map((file) => ({ ...file, bytes: utf8(file.path) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
  for (const [i, file] of sorted.entries()) {
    if (!isPlainRelative(file.path) || file.path === sorted[i - 1]?.path) {
      throw new FormatError('bad_path', 'paths of a model are relative, plain and unique')
    }
    if (!isDigestHex(file.sha256)) throw new FormatError('bad_hex', `no sha256 for ${file.path}`)
  }
  return sha256Hex(sorted.map((file) => `${file.sha256}  ${file.path}\n`).join(''))
}

/** JavaScript compares text by UTF-16 units, which differs from bytes beyond U+FFFF. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!
  }
  return a.length - b.length
}

function isPlainRelative(path: string): boolean {
  return (
    !hasLoneSurrogate(path) &&
    !/[\\\n\r]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  )
}
