import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import { type ModelFile, modelRoot } from '../../formats/model-root.js'
import { EngineError } from '../errors.js'

/** Larger files are hashed as a stream, and loaded by their path. */
const KEEP_BYTES = 512 * 1024 * 1024

/** A model folder, each file read once: the bytes that were hashed are the bytes that are loaded. */
export interface ModelFiles {
  dir: string
  root: Hex
  /** By path within the folder; null for a file too large to be kept. Plain, to be sent to a thread. */
  bytes: Map<string, Uint8Array | null>
}

/** As much of them as its JSON is read from. */
export type FolderBytes = Pick<ModelFiles, 'dir'> & {
  bytes: ReadonlyMap<string, Uint8Array | null>
}

/** @throws EngineError `model_missing`, `model_invalid` (symlinks, unreadable files) */
export async function readModelFiles(dir: string): Promise<ModelFiles> {
  const info = await stat(dir).catch(() => null)
  if (!info?.isDirectory()) {
    throw new EngineError('model_missing', `There is no model folder at ${dir}.`, {
      hint: 'Give a folder with model_index.json, tokenizer/, text_encoder/, unet/ or transformer/, vae_decoder/ and scheduler/.',
    })
  }
  const kept = new Map<string, Uint8Array | null>()
  const files: ModelFile[] = []
  try {
    for (const file of await regularFiles(dir, '')) {
      const absolute = path.join(dir, file)
      const { size } = await stat(absolute)
      const bytes = size <= KEEP_BYTES ? await readFile(absolute) : null
      kept.set(file, bytes)
      files.push({ path: file, sha256: bytes ? sha256Of(bytes) : await sha256OfFile(absolute) })
    }
    if (files.length === 0) throw new Error('the folder is empty')
    return { dir, root: modelRoot(files), bytes: kept }
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
 * null for a file too large to be kept.
 * @throws EngineError `model_invalid` when it is missing
 */
export function bytesOf(files: FolderBytes, file: string): Uint8Array | null {
  const bytes = files.bytes.get(file)
  if (bytes === undefined) {
    throw new EngineError('model_invalid', `The model folder ${files.dir} lacks ${file}.`, {
      hint: 'Fetch the model folder again; the layout is that of diffusers, exported to ONNX.',
    })
  }
  return bytes
}

/** Sorted, so that reading has the same order everywhere. */
async function regularFiles(dir: string, prefix: string): Promise<string[]> {
  const entries = await readdir(path.join(dir, prefix), { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isSymbolicLink()) {
      throw new EngineError('model_invalid', `${file} of the model folder is a symlink.`, {
        hint: "Symlinks are refused, for what they point at could change under the model's hash: copy the files (cp -rL).",
      })
    }
    if (entry.isDirectory()) found.push(...(await regularFiles(dir, file)))
    else if (entry.isFile()) found.push(file)
  }
  return found
}

function sha256Of(bytes: Uint8Array): Hex {
  return createHash('sha256').update(bytes).digest('hex')
}

async function sha256OfFile(file: string): Promise<Hex> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
