import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Hex } from '../../formats/bytes.js'

/** So long before it was hashed, a file has to have been left alone: of a later change its times might not tell. */
const SETTLED_MS = 2000

/** Which file it was, and in what state: a change of its contents changes it. */
export type FileStamp = string

/** Sums that this process knows: `path` as it was given, by which state of the file. */
const known = new Map<string, { stamp: FileStamp; sha256: Hex }>()

/** `ctime` can't be set by hand, as `mtime` can. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileStamp {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

/** @throws when there is no such file */
export async function stampFile(path: string): Promise<{ stamp: FileStamp; size: number }> {
  const stats = await stat(path, { bigint: true })
  return { stamp: stampOf(stats), size: Number(stats.size) }
}

/** The sum of a file that was hashed in this state; null where it was not. */
export function knownSum(path: string, stamp: FileStamp): Hex | null {
  const found = known.get(path)
  return found?.stamp === stamp ? found.sha256 : null
}

/** @param hashedAtMs when reading it began, in Unix milliseconds */
export function rememberSum(path: string, stamp: FileStamp, sha256: Hex, hashedAtMs: number): void {
  const changedMs = Number(BigInt(stamp.split(':').at(-1)!) / 1_000_000n)
  if (changedMs + SETTLED_MS <= hashedAtMs) known.set(path, { stamp, sha256 })
}

/** What is known, for a process that this one starts: one argument of its command line. */
export function tellSums(): string {
  return JSON.stringify([...known])
}

/** Takes what the process that started this one knew. */
export function learnSums(told: string): void {
  const entries: [string, { stamp: FileStamp; sha256: Hex }][] = JSON.parse(told)
  for (const [path, sum] of entries) known.set(path, sum)
}
