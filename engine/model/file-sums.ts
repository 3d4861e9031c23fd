import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Hex } from '../../formats/bytes.js'

/**
 * A file must have been unchanged for this long before it was hashed: otherwise a later change might not show
 * in its timestamps.
 */
const SETTLED_MS = 2000

/** Identifies a file and its state: it changes when the contents change. */
export type FileStamp = string

/** Hashes known to this process, by the path as given, with the state of the file. */
const known = new Map<string, { stamp: FileStamp; sha256: Hex }>()

/** `ctime` can't be set by hand, as `mtime` can. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileStamp {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

/** @throws if there is no such file */
export async function stampFile(path: string): Promise<{ stamp: FileStamp; size: number }> {
  const stats = await stat(path, { bigint: true })
  return { stamp: stampOf(stats), size: Number(stats.size) }
}

/** The hash of a file if it was hashed in this state; else null. */
export function knownSum(path: string, stamp: FileStamp): Hex | null {
  const found = known.get(path)
  return found?.stamp === stamp ? found.sha256 : null
}

/** @param hashedAtMs when reading it began, in Unix milliseconds */
export function rememberSum(path: string, stamp: FileStamp, sha256: Hex, hashedAtMs: number): void {
  const changedMs = Number(BigInt(stamp.split(':').at(-1)!) / 1_000_000n)
  if (changedMs + SETTLED_MS <= hashedAtMs) known.set(path, { stamp, sha256 })
}

/** Serialises the known hashes, as a command-line argument for a child process. */
export function tellSums(): string {
  return JSON.stringify([...known])
}

/** Takes over the hashes that the parent process knew. */
export function learnSums(told: string): void {
  const entries: [string, { stamp: FileStamp; sha256: Hex }][] = JSON.parse(told)
  for (const [path, sum] of entries) known.set(path, sum)
}
