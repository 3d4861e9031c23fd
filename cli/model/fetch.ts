import { mkdir, readdir, rename, rmdir, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { FractalError } from '../../base/errors.js'
import { readModel } from '../../engine/model/model.js'
import { printLine } from '../output.js'
import { ProgressBar } from '../progress-bar.js'
import { fetchFile } from './fetch-file.js'
import { type Manifest, parseManifest } from './manifest.js'

const MIB = 2 ** 20
const MAX_MANIFEST_BYTES = 1_000_000
/** A network that is away for a moment. */
const TRIES = 5

export interface FetchOptions {
  /** Of the manifest: its files are in the folder of the same name without `.json`. */
  readonly url: string
  readonly out: string
  /** What the subnet says that the model's root is. */
  readonly root: string | undefined
}

/**
 * Fetches a published model into a folder, which appears whole and checked; what was fetched of one that was
 * interrupted is kept beside it and is not fetched again.
 * @throws FractalError `manifest_invalid`, `wrong_root`, `download_failed`, `wrong_file`, `out_exists`, `disk_full`
 */
export async function fetchModel({ url, out, root }: FetchOptions): Promise<void> {
  if ((await readdir(out).catch(() => [])).length > 0) {
    throw new FractalError('out_exists', `${out} is there and not empty.`, {
      hint: 'Give another --out.',
    })
  }
  const manifest = parseManifest(await textAt(url))
  if (root !== undefined && root !== manifest.root) {
    throw new FractalError(
      'wrong_root',
      `What is published there has the root ${manifest.root}, not ${root}.`,
      {
        hint: 'It is another model, or another export of it: answers would be of another class.',
      },
    )
  }
  const partial = `${out.replace(/\/+$/, '')}.partial`
  await mkdir(partial, { recursive: true })
  await assertRoom(partial, manifest)
  await fetchAll(manifest, url.replace(/\.json$/, ''), partial)
  // Read as a node reads it: by the root of what lies there now.
  const { files } = await readModel(partial)
  if (files.root !== manifest.root) {
    throw new FractalError(
      'wrong_root',
      `${partial} has the root ${files.root}, not ${manifest.root}.`,
      {
        hint: 'Something else lies in that folder: remove it, and run this again.',
      },
    )
  }
  await rmdir(out).catch(() => {})
  await rename(partial, out)
  printLine(
    `root  ${files.root}${root === undefined ? '  (compare it with the subnet’s: --root)' : ''}`,
  )
  printLine(`Start nodes with --model.dir ${out}`)
}

async function fetchAll(manifest: Manifest, base: string, partial: string): Promise<void> {
  const bar = new ProgressBar()
  const total = manifest.files.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  try {
    for (const { path: file, size, sha256 } of manifest.files) {
      const url = `${base}/${file.split('/').map(encodeURIComponent).join('/')}`
      const wanted = { url, to: path.join(partial, file), size, sha256 }
      await persistently(() =>
        fetchFile(wanted, (bytes) =>
          bar.show('MiB', Math.floor((before + bytes) / MIB), Math.ceil(total / MIB)),
        ),
      )
      before += size
    }
  } finally {
    bar.clear()
  }
}

async function persistently(attempt: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const isAway = error instanceof FractalError && error.code === 'download_failed'
      if (!isAway || tries === TRIES) throw error
    }
  }
}

async function assertRoom(folder: string, { files }: Manifest): Promise<void> {
  const needed = files.reduce((sum, { size }) => sum + size, 0)
  const { bavail, bsize } = await statfs(folder)
  const has = (await filesUnder(folder)) + bavail * bsize
  if (needed <= has) return
  const [needs, free] = [needed, has].map((bytes) => (bytes / 1e9).toFixed(1))
  throw new FractalError('disk_full', `The model has ${needs} GB; ${free} are free for it.`, {
    hint: 'Free some space, or give an --out on another disk.',
  })
}

/** Bytes of what was fetched before. */
async function filesUnder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => stat(path.join(entry.parentPath, entry.name))),
  )
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

/** @throws FractalError `download_failed` */
async function textAt(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
    const text = await response.text()
    if (text.length > MAX_MANIFEST_BYTES) throw new Error('it is too long for a manifest')
    return text
  } catch (cause) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    const why = inner instanceof Error ? inner.message : String(inner)
    throw new FractalError('download_failed', `${url}: ${why}`, {
      hint: 'Give the address of the manifest, https://HOST/…/NAME.json.',
      cause,
    })
  }
}
