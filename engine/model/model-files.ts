import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import { type ModelFile, modelRoot } from '../../formats/model-root.js'
import { EngineError } from '../errors.js'
import { type FileStamp, knownSum, rememberSum, stampFile } from './file-sums.js'

/** Larger files are hashed as a stream, and loaded by path. */
const KEEP_BYTES = 512 * 1024 * 1024

/**
 * A model folder. What was hashed is what is loaded: small files from the bytes kept in memory, larger ones
 * with a check that they have not changed (`assertUnchanged`).
 */
export interface ModelFiles {
  dir: string
  root: Hex
  /**
   * By path within the folder; null for a file too large to keep in memory. Plain data, so that it can be
   * sent to a thread.
   */
  bytes: Map<string, Uint8Array | null>
  /** Size of each file, in bytes. */
  sizes: Map<string, number>
  /** Hash of each file. */
  sums: Map<string, Hex>
  /** The state in which each file was hashed. */
  stamps: Map<string, FileStamp>
}

/** The part that reading JSON files needs. */
export type FolderBytes = Pick<ModelFiles, 'dir'> & {
  bytes: ReadonlyMap<string, Uint8Array | null>
}

/** What is known of a folder before its large files are hashed, which takes a minute for 60 GB. */
export type FoundFiles = Pick<ModelFiles, 'dir' | 'bytes' | 'sizes'>

/**
 * @param look called before the large files are hashed; what it throws is thrown
 * @throws EngineError `model_missing`, `model_invalid` (symlinks, unreadable files)
 */
export async function readModelFiles<T>(
  dir: string,
  look: (found: FoundFiles) => T,
): Promise<{ files: ModelFiles; seen: T }> {
  const info = await stat(dir).catch(() => null)
  if (!info?.isDirectory()) {
    throw new EngineError('model_missing', `There is no model folder at ${dir}.`, {
      hint: 'Give a folder with model_index.json, tokenizer/, text_encoder/, unet/ or transformer/, vae_decoder/ and scheduler/.',
    })
  }
  const bytes = new Map<string, Uint8Array | null>()
  const sizes = new Map<string, number>()
  const sums = new Map<string, Hex>()
  const stamps = new Map<string, FileStamp>()
  const read = async (file: string) => {
    const { stamp, sha256, ...read } = await readOnce(path.join(dir, file))
    bytes.set(file, read.bytes)
    sizes.set(file, read.size)
    sums.set(file, sha256)
    stamps.set(file, stamp)
  }
  try {
    const names = await regularFiles(dir, '')
    if (names.length === 0) throw new Error('the folder is empty')
    const large: string[] = []
    for (const file of names) {
      const { size } = await stampFile(path.join(dir, file))
      if (size <= KEEP_BYTES) await read(file)
      else {
        bytes.set(file, null)
        sizes.set(file, size)
        large.push(file)
      }
    }
    const seen = look({ dir, bytes, sizes })
    for (const file of large) await read(file)
    const root = modelRoot(
      names.map((file): ModelFile => ({ path: file, sha256: sums.get(file)! })),
    )
    return { files: { dir, root, bytes, sizes, sums, stamps }, seen }
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    throw new EngineError(
      'model_invalid',
      `The model folder ${dir} cannot be read: ${messageOf(cause)}.`,
      { hint: 'Check the permissions and names of its files.', cause },
    )
  }
}

/**
 * Asserts that files loaded by path are the ones that were hashed. Call it after they are loaded.
 * @throws EngineError `model_invalid`
 */
export async function assertUnchanged({ dir, stamps }: ModelFiles, folder: string): Promise<void> {
  for (const [file, stamp] of stamps) {
    if (!file.startsWith(`${folder}/`)) continue
    const now = await stampFile(path.join(dir, file)).catch(() => null)
    if (now?.stamp === stamp) continue
    throw new EngineError(
      'model_invalid',
      `${file} of the model folder changed while it was loaded.`,
      {
        hint: 'What is loaded must be what was hashed: do not change the folder, and start again.',
      },
    )
  }
}

/** null for a file too large to keep in memory. @throws EngineError `model_invalid` if it is missing */
export function bytesOf(files: FolderBytes, file: string): Uint8Array | null {
  const bytes = files.bytes.get(file)
  if (bytes === undefined) {
    throw new EngineError('model_invalid', `The model folder ${files.dir} lacks ${file}.`, {
      hint: 'Fetch the model folder again; the layout is that of diffusers, exported to ONNX.',
    })
  }
  return bytes
}

/** Sorted, so that the order is the same everywhere. */
async function regularFiles(dir: string, prefix: string): Promise<string[]> {
  const entries = await readdir(path.join(dir, prefix), { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isSymbolicLink()) {
      throw new EngineError('model_invalid', `${file} of the model folder is a symlink.`, {
        hint: "Symlinks are refused, because their targets could change without changing the model's hash: copy the files (cp -rL).",
      })
    }
    if (entry.isDirectory()) found.push(...(await regularFiles(dir, file)))
    else if (entry.isFile()) found.push(file)
  }
  return found
}

/**
 * A file's bytes, if they are kept, and its hash: a file already hashed in this state is not hashed again.
 */
async function readOnce(absolute: string) {
  const began = Date.now()
  const { stamp, size } = await stampFile(absolute)
  const known = knownSum(absolute, stamp)
  const bytes = size <= KEEP_BYTES ? await readFile(absolute) : null
  const sha256 = known ?? (bytes ? sha256Of(bytes) : await sha256OfFile(absolute))
  if ((await stampFile(absolute)).stamp !== stamp) throw new Error('it is being written to')
  if (known === null) rememberSum(absolute, stamp, sha256, began)
  return { bytes, size, stamp, sha256 }
}

function sha256Of(bytes: Uint8Array): Hex {
  return createHash('sha256').update(bytes).digest('hex')
}

async function sha256OfFile(file: string): Promise<Hex> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
