import { gunzipSync, inflateRawSync } from 'node:zlib'

// Signatures and field offsets of the ZIP format (PKWARE APPNOTE 4.3).
const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const LOCAL_HEADER = 0x04034b50
const STORED = 0
const DEFLATED = 8

/**
 * One file's bytes out of a ZIP archive (a Python wheel is one), or null when no name matches.
 * Reads the central directory, so it works for archives written as a stream too. Not zip64: no
 * file here comes near 4 GB.
 *
 * @param {Buffer} zip
 * @param {(name: string) => boolean} matches
 * @param {number} maxBytes of that file; a larger one is not unpacked but thrown
 * @returns {Buffer | null}
 */
export function readZipEntry(zip, matches, maxBytes) {
  const end = findEndOfDirectory(zip)
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('broken ZIP directory')
    const nameLength = zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    if (matches(name)) {
      const size = zip.readUInt32LE(at + 24)
      if (size > maxBytes) throw new Error(`${name} has more than ${maxBytes} bytes`)
      return readEntry(zip, {
        method: zip.readUInt16LE(at + 10),
        packed: zip.readUInt32LE(at + 20),
        size,
        header: zip.readUInt32LE(at + 42),
      })
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return null
}

/** @param {Buffer} zip */
function findEndOfDirectory(zip) {
  // The record is 22 bytes, followed by a comment of at most 65535.
  const first = Math.max(0, zip.length - 22 - 0xffff)
  for (let at = zip.length - 22; at >= first; at -= 1) {
    if (zip.readUInt32LE(at) === END_OF_DIRECTORY) return at
  }
  throw new Error('not a ZIP file')
}

/**
 * @param {Buffer} zip
 * @param {{ method: number, packed: number, size: number, header: number }} entry
 */
function readEntry(zip, { method, packed, size, header }) {
  if (zip.readUInt32LE(header) !== LOCAL_HEADER) throw new Error('broken ZIP entry')
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
  const bytes = zip.subarray(start, start + packed)
  if (method !== STORED && method !== DEFLATED) throw new Error(`ZIP method ${method}`)
  const plain = method === STORED ? bytes : inflateRawSync(bytes, { maxOutputLength: size })
  if (plain.length !== size) throw new Error('truncated ZIP entry')
  return plain
}

/**
 * One file's bytes out of a gzipped tar archive, or null when it has none of that base name.
 *
 * @param {Buffer} archive
 * @param {string} baseName
 * @param {number} maxBytes of the whole archive unpacked; a larger one is thrown as ERR_BUFFER_TOO_LARGE
 * @returns {Buffer | null}
 */
export function readTarGzEntry(archive, baseName, maxBytes) {
  const tar = gunzipSync(archive, { maxOutputLength: maxBytes })
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '')
    if (name === '') return null
    const size = Number.parseInt(tar.toString('ascii', at + 124, at + 136), 8)
    const type = String.fromCharCode(tar[at + 156])
    if ((type === '0' || type === '\0') && name.split('/').at(-1) === baseName) {
      const bytes = tar.subarray(at + 512, at + 512 + size)
      if (bytes.length !== size) throw new Error('truncated tar archive')
      return bytes
    }
    at += 512 + Math.ceil(size / 512) * 512
  }
  return null
}
