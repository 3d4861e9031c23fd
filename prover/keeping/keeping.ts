import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'

const PROBE_BYTES = 2 ** 20
const MIB = 2 ** 20

/**
 * Whether the disk can store what a signed answer promises: the answer itself, and its openings. While it
 * can't, no request is accepted: an answer that can't be opened later costs more than a refusal.
 */
export class Keeping {
  /** Size of the largest answer so far, including its states. */
  private needed = PROBE_BYTES
  private failure: string | null = null
  private reported: string | null = null

  constructor(
    private readonly folder: string,
    private readonly log: Log,
  ) {}

  /** @param bytes of an answer and its states, stored or not */
  measured(bytes: number): void {
    this.needed = Math.max(this.needed, bytes + PROBE_BYTES)
  }

  failed(error: unknown): void {
    this.failure = `nothing can be written: ${codeOf(error)}`
    this.report(this.failure)
  }

  /** Why nothing can be stored now, in words that may be public; null if it can. */
  async problem(): Promise<string | null> {
    const problem = await this.look()
    this.report(problem)
    return problem
  }

  private async look(): Promise<string | null> {
    const free = await statfs(this.folder).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    )
    if (free === null) return 'the folder of kept answers is gone'
    if (free < this.needed) {
      const [has, needs] = [free, this.needed].map((bytes) => Math.round(bytes / MIB))
      return `the disk is full: ${has} MiB are free, an answer and its states take ${needs} MiB`
    }
    if (this.failure !== null) this.failure = await this.probe()
    return this.failure
  }

  /** Other causes than space (a quota, permissions, inodes) only show by trying. */
  private async probe(): Promise<string | null> {
    const path = join(this.folder, '.probe')
    try {
      await writeFile(path, Buffer.alloc(PROBE_BYTES), { mode: 0o600 })
      return null
    } catch (error) {
      return `nothing can be written: ${codeOf(error)}`
    } finally {
      await rm(path, { force: true }).catch(() => {})
    }
  }

  private report(problem: string | null): void {
    if (problem === this.reported) return
    if (problem === null) this.log.info('answers can be kept again')
    else if (this.reported === null) this.log.error({ why: problem }, 'answers can’t be kept')
    this.reported = problem
  }
}

/** A system error code, which does not reveal a path on this machine. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? messageOf(error)
}
