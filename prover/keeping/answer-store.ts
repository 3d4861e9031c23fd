import { constants } from 'node:fs'
import { type FileHandle, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { Mutex } from '../../base/concurrency/semaphore.js'
import { type Hex, isDigestHex } from '../../formats/bytes.js'
import { BoundedFolder } from './bounded-folder.js'

const digest = z.string().refine(isDigestHex, 'expected a digest')

/** What is remembered of an answer, beside its bytes. */
const keptAnswerSchema = z.strictObject({
  request_id: z.string(),
  /** ss58 of who asked. */
  caller: z.string(),
  /** Of the raw request body: another body under the same id is a conflict. */
  body_sha256: digest,
  done_at_ms: z.int(),
  /** d_0 … d_steps. */
  step_digests: z.array(digest).min(2),
  /** f_1 … f_n. */
  frame_digests: z.array(digest).min(1),
  /** The caller's own signature: without it the answer is no evidence. */
  request: z.strictObject({ target: z.string(), nonce: z.string(), signature: z.string() }),
})
export type KeptAnswer = z.infer<typeof keptAnswerSchema>

const openingsSchema = z.array(z.strictObject({ step: z.int(), frame: z.int() }))
type Opening = z.infer<typeof openingsSchema>[number]

/** Bytes of the file of openings, whatever is in it: writing to it again takes no room, on a full disk too. */
const OPENINGS_BYTES = 512

const FILES = {
  answer: 'answer.json',
  openings: 'openings.json',
  records: 'records.bin',
  request: 'request.bin',
}

/**
 * Signed answers on disk, so that a repeated request gets the very bytes and signature it got before,
 * also after a restart. Holds prompts (in the signed request): its folder is for the owner only.
 */
export class AnswerStore {
  private readonly answers = new Map<Hex, { answer: KeptAnswer; openings: Opening[] }>()
  private readonly writing = new Mutex()

  private constructor(private readonly folder: BoundedFolder) {}

  static async open(path: string, maxBytes: number): Promise<AnswerStore> {
    const folder = await BoundedFolder.open(path, maxBytes)
    const store = new AnswerStore(folder)
    for (const key of folder.keys()) {
      const path = folder.pathOf(key)!
      const answer = await readJson(keptAnswerSchema, join(path, FILES.answer))
      const openings = await readJson(openingsSchema, join(path, FILES.openings))
      if (answer === null) await folder.drop(key)
      else store.answers.set(key, { answer, openings: openings ?? [] })
    }
    return store
  }

  get bytes(): number {
    return this.folder.bytes
  }

  get(key: Hex): KeptAnswer | null {
    return this.folder.pathOf(key) === null ? null : (this.answers.get(key)?.answer ?? null)
  }

  /**
   * Keeps an answer, or nothing of it.
   * @param records the stream that a repeat is answered with, `done` included
   * @throws when the disk does not take it
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
    this.answers.set(key, { answer, openings: [] })
    for (const known of this.answers.keys()) {
      if (this.folder.pathOf(known) === null) this.answers.delete(known)
    }
  }

  /** The kept stream; null when it was dropped meanwhile. The caller closes it. */
  async openRecords(key: Hex): Promise<FileHandle | null> {
    const path = this.folder.pathOf(key)
    if (path === null) return null
    return open(join(path, FILES.records)).catch(() => null)
  }

  /**
   * Takes one of the `max` different openings of an answer; one that was taken before is free. It is
   * on disk before it is granted: a kill in between may cost an opening, never give one more.
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

/** In place, in one write: a file of its own that takes this one's place would need room. */
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
