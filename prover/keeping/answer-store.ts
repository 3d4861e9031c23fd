import { constants } from 'node:fs'
import { type FileHandle, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { Mutex } from '../../base/concurrency/semaphore.js'
import { type Hex, isDigestHex } from '../../formats/bytes.js'
import { BoundedFolder } from './bounded-folder.js'

const digest = z.string().refine(isDigestHex, 'expected a digest')

/** What is stored about an answer, in addition to its bytes. */
const keptAnswerSchema = z.strictObject({
  request_id: z.string(),
  /** ss58 of the caller. */
  caller: z.string(),
  /** Of the raw request body: a different body under the same id is a conflict. */
  body_sha256: digest,
  done_at_ms: z.int(),
  /** d_0 … d_steps. */
  step_digests: z.array(digest).min(2),
  /** f_1 … f_n. */
  frame_digests: z.array(digest).min(1),
  /** The caller's signature: without it, the answer is not evidence. */
  request: z.strictObject({ target: z.string(), nonce: z.string(), signature: z.string() }),
})
export type KeptAnswer = z.infer<typeof keptAnswerSchema>

const openingsSchema = z.array(z.strictObject({ step: z.int(), frame: z.int() }))
type Opening = z.infer<typeof openingsSchema>[number]

/** Fixed size of the openings file in bytes, so that rewriting it needs no space, even on a full disk. */
const OPENINGS_BYTES = 512

const FILES = {
  answer: 'answer.json',
  openings: 'openings.json',
  records: 'records.bin',
  request: 'request.bin',
}

/** What is in memory about an answer: there may be hundreds of thousands, and digests are read when one is opened. */
interface Known {
  readonly bodySha256: Hex
  readonly openings: Opening[]
  /** By `performance.now()`: whether it may be opened does not depend on a clock that is set meanwhile. */
  readonly doneMs: number
}

/**
 * Signed answers on disk, so that a repeated request gets exactly the same bytes and signature, even after a
 * restart. It contains prompts (in the signed request), so its folder is readable only by the owner.
 */
export class AnswerStore {
  /** Oldest first, as in the folder. */
  private readonly answers = new Map<Hex, Known>()
  private readonly writing = new Mutex()

  private constructor(private readonly folder: BoundedFolder) {}

  /** @param nowMs the clock by which an earlier process said when its answers were done */
  static async open(path: string, maxBytes: number, nowMs: number): Promise<AnswerStore> {
    const folder = await BoundedFolder.open(path, maxBytes)
    const store = new AnswerStore(folder)
    for (const key of folder.keys()) {
      const path = folder.pathOf(key)!
      const answer = await readJson(keptAnswerSchema, join(path, FILES.answer))
      const openings = await readJson(openingsSchema, join(path, FILES.openings))
      if (answer === null) await folder.drop(key)
      else store.know(key, answer, openings ?? [], nowMs - answer.done_at_ms)
    }
    return store
  }

  get bytes(): number {
    return this.folder.bytes
  }

  /** Of the request that was answered; null if there is no answer (any more). */
  bodySha256(key: Hex): Hex | null {
    return this.folder.pathOf(key) === null ? null : (this.answers.get(key)?.bodySha256 ?? null)
  }

  /** Milliseconds since an answer that is kept was done. */
  ageMs(key: Hex): number {
    return performance.now() - (this.answers.get(key)?.doneMs ?? Number.NEGATIVE_INFINITY)
  }

  /** Null if there is no answer (any more). */
  async read(key: Hex): Promise<KeptAnswer | null> {
    const path = this.folder.pathOf(key)
    return path === null ? null : readJson(keptAnswerSchema, join(path, FILES.answer))
  }

  /**
   * Stores an answer, or nothing of it.
   * @param records the stream that answers a repeat, including `done`
   * @throws if it can't be written to disk
   */
  async put(
    key: Hex,
    answer: KeptAnswer,
    request: Uint8Array,
    records: Uint8Array[],
  ): Promise<void> {
    const draft = await this.folder.draft()
    const write = (name: string, data: string | Uint8Array | Uint8Array[]) =>
      writeFile(join(draft, name), data, { mode: 0o600 })
    try {
      await write(FILES.answer, JSON.stringify(answer))
      await write(FILES.openings, openingsText([]))
      await write(FILES.request, request)
      await write(FILES.records, records)
      await this.folder.commit(key, draft)
    } catch (error) {
      await this.folder.discard(draft)
      throw error
    }
    this.know(key, answer, [], 0)
    for (const oldest of this.answers.keys()) {
      if (this.folder.pathOf(oldest) !== null) break
      this.answers.delete(oldest)
    }
  }

  private know(key: Hex, answer: KeptAnswer, openings: Opening[], ageMs: number): void {
    this.answers.delete(key)
    const doneMs = performance.now() - ageMs
    this.answers.set(key, { bodySha256: answer.body_sha256, openings, doneMs })
  }

  /** The stored stream; null if it has been dropped in the meantime. The caller closes it. */
  async openRecords(key: Hex): Promise<FileHandle | null> {
    const path = this.folder.pathOf(key)
    if (path === null) return null
    return open(join(path, FILES.records)).catch(() => null)
  }

  /**
   * Claims one of the `max` different openings of an answer; repeating a claimed one is free. It is on disk
   * before it is granted: a kill in between may cost an opening, but never allows an extra one.
   */
  async claimOpening(key: Hex, opening: Opening, max: number): Promise<boolean> {
    const openings = this.answers.get(key)?.openings ?? []
    if (openings.some((o) => o.step === opening.step && o.frame === opening.frame)) return true
    if (openings.length >= max) return false
    openings.push(opening)
    const path = this.folder.pathOf(key)
    if (path === null) return true
    try {
      await this.writing.run(() => writeOpenings(join(path, FILES.openings), openings))
    } catch (error) {
      openings.splice(openings.indexOf(opening), 1)
      throw error
    }
    return true
  }
}

function openingsText(openings: readonly Opening[]): string {
  return JSON.stringify(openings).padEnd(OPENINGS_BYTES)
}

/** In place, in one write: replacing the file by a new one would need disk space. */
async function writeOpenings(path: string, openings: readonly Opening[]): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    await file.write(openingsText(openings), 0)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function readJson<T>(schema: z.ZodType<T>, path: string): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}
