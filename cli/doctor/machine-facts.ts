import { execFile } from 'node:child_process'
import { access, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const COMMAND_MS = 20_000

export interface Gpu {
  readonly name: string
  readonly driver: string
  readonly memoryMib: number
}

/**
 * All GPUs that nvidia-smi knows; none when it does not answer.
 * @param command for tests
 */
export async function listGpus(command = 'nvidia-smi'): Promise<Gpu[]> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits']
  try {
    const { stdout } = await run(command, query, { timeout: COMMAND_MS })
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/,\s*/))
      .filter((cells) => cells.length === 3)
      .map(([name, driver, memory]) => ({
        name: name!.trim(),
        driver: driver!.trim(),
        memoryMib: Number(memory),
      }))
  } catch {
    return []
  }
}

/** What this process may use, where a container gives it less than the machine has. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory() ?? 0
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()
}

/** Free for this user where the folder is, or where it would be made. */
export async function diskFreeBytes(folder: string): Promise<number> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (await isThere(at)) {
      const { bavail, bsize } = await statfs(at)
      return bavail * bsize
    }
  }
}

/** Whether the system says that its clock is kept right; null where nobody says, as in containers. */
export async function isClockSynchronized(command = 'timedatectl'): Promise<boolean | null> {
  try {
    const args = ['show', '--property=NTPSynchronized', '--value']
    const { stdout } = await run(command, args, { timeout: COMMAND_MS })
    const answer = stdout.trim()
    return answer === 'yes' ? true : answer === 'no' ? false : null
  } catch {
    return null
  }
}

function isThere(at: string): Promise<boolean> {
  return access(at).then(
    () => true,
    // The root is there, whoever may look at it.
    () => at === path.dirname(at),
  )
}
