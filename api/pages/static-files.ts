import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'

/** A file of the pages, kept in memory: they are few, and nobody's path is ever looked up on the disk. */
export interface StoredFile {
  readonly type: string
  readonly sha256: string
  readonly immutable: boolean
  /** `br`, `gzip` where the build made them, and `identity`; the best first. */
  readonly encodings: ReadonlyMap<string, Buffer>
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
}

const COMPRESSED: readonly (readonly [string, string])[] = [
  ['br', '.br'],
  ['gzip', '.gz'],
]

/** Path in the address → file; null without a build. */
export function readPages(folder: string): Map<string, StoredFile> | null {
  if (!existsSync(folder)) return null
  const files = new Map<string, StoredFile>()
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(entry)]
    if (type === undefined) continue
    const path = join(folder, entry)
    const bytes = readFileSync(path)
    const encodings = new Map<string, Buffer>()
    for (const [name, ending] of COMPRESSED) {
      if (existsSync(path + ending)) encodings.set(name, readFileSync(path + ending))
    }
    encodings.set('identity', bytes)
    files.set(`/${entry.split(sep).join('/')}`, {
      type,
      sha256: createHash('sha256').update(bytes).digest('hex').slice(0, 32),
      immutable: entry.startsWith('assets'),
      encodings,
    })
  }
  return files
}
