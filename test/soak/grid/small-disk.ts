import { execFile } from 'node:child_process'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CHUNK = Buffer.alloc(1 << 16)
const FILLER = 'filler'

/** A file system of its own in memory, put over a folder; only root can. */
export class SmallDisk {
  private constructor(private readonly folder: string) {}

  /**
   * Keeps what the folder holds.
   * @returns null where nothing may be mounted
   */
  static async over(folder: string, megabytes: number): Promise<SmallDisk | null> {
    await mkdir(folder, { recursive: true })
    const { uid, gid, mode } = await stat(folder)
    const copy = `${folder}.copy`
    await run('cp', ['-a', folder, copy])
    const owner = `uid=${uid},gid=${gid},mode=${(mode & 0o777).toString(8)}`
    const options = `size=${megabytes}m,${owner}`
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).catch(
      () => null,
    )
    if (mounted !== null) await run('cp', ['-a', `${copy}/.`, folder])
    await rm(copy, { recursive: true })
    return mounted === null ? null : new SmallDisk(folder)
  }

  /** Not a byte is left. */
  async fill(): Promise<void> {
    const file = await open(path.join(this.folder, FILLER), 'w')
    try {
      for (let size = CHUNK.length; size >= 1; ) {
        const written = await file.write(CHUNK, 0, size).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error
          return null
        })
        if (written === null) size = Math.floor(size / 2)
      }
    } finally {
      await file.close()
    }
  }

  async makeRoom(): Promise<void> {
    await rm(path.join(this.folder, FILLER), { force: true })
  }

  /** What is in it goes. */
  async remove(): Promise<void> {
    await run('umount', ['--lazy', this.folder])
  }
}
