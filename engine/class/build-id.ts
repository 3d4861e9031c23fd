import { type FileHandle, open } from 'node:fs/promises'
import { type Hex, toHex } from '../../formats/bytes.js'

const PT_NOTE = 4
const NT_GNU_BUILD_ID = 3
/** Tables and notes are a few hundred bytes; a header that claims more is corrupt. */
const MAX_BYTES = 65_536

/**
 * The build id of a 64-bit little-endian ELF library: the linker's identifier of its contents, which does not
 * depend on packaging or file name. Null if it has none.
 */
export async function buildIdOf(file: string): Promise<Hex | null> {
  const library = await open(file)
  try {
    const header = await read(library, 0, 64)
    const isElf64 = header.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]))
    if (!isElf64) return null
    const [at, size, count] = [
      Number(header.readBigUInt64LE(32)),
      header.readUInt16LE(54),
      header.readUInt16LE(56),
    ]
    const table = await read(library, at, size * count)
    for (let i = 0; i < count; i++) {
      const entry = table.subarray(i * size, (i + 1) * size)
      if (entry.readUInt32LE(0) !== PT_NOTE) continue
      const [from, length] = [entry.readBigUInt64LE(8), entry.readBigUInt64LE(32)].map(Number)
      const id = buildIdIn(await read(library, from!, length!))
      if (id !== null) return id
    }
    return null
  } catch (error) {
    // Truncated, or invalid offsets.
    if (error instanceof RangeError) return null
    throw error
  } finally {
    await library.close()
  }
}

async function read(library: FileHandle, position: number, length: number): Promise<Buffer> {
  const { size } = await library.stat()
  if (position > size || length > MAX_BYTES) throw new RangeError('beyond the file')
  const { buffer, bytesRead } = await library.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

/** A note: lengths of its name and of its contents, its type, then both, each padded to four bytes. */
function buildIdIn(notes: Buffer): Hex | null {
  for (let at = 0; at + 12 <= notes.length; ) {
    const [nameLength, length] = [notes.readUInt32LE(at), notes.readUInt32LE(at + 4)]
    const contents = at + 12 + padded(nameLength)
    const name = notes.toString('latin1', at + 12, at + 12 + nameLength)
    if (notes.readUInt32LE(at + 8) === NT_GNU_BUILD_ID && name === 'GNU\0') {
      return toHex(notes.subarray(contents, contents + length))
    }
    at = contents + padded(length)
  }
  return null
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4
}
