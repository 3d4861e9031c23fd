import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process, and what tells it from a later one that was given the same pid. */
export interface ProcessRef {
  pid: number
  identity: string
}

/**
 * What stays the same for a process' life and differs for any other with its pid: on Linux the boot
 * and the start time in ticks, elsewhere the start time of `ps`. Null when there is no such process
 * (a zombie counts as none: it holds no file and no port).
 */
export function processIdentity(pid: number): string | null {
  try {
    if (process.platform !== 'linux') {
      const line = execFileSync('ps', ['-p', String(pid), '-o', 'stat=,lstart='], {
        encoding: 'utf8',
      })
      const [state = '', ...started] = line.trim().split(/\s+/)
      return state === '' || state.startsWith('Z') ? null : started.join(' ')
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`
  } catch {
    return null
  }
}

export function isRunning(ref: ProcessRef): boolean {
  return processIdentity(ref.pid) === ref.identity
}

/** The running process a pid file names; null when the file is missing, broken or out of date. */
export function readPidFile(path: string): ProcessRef | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value !== 'object' || value === null) return null
    if (!('pid' in value) || typeof value.pid !== 'number') return null
    if (!('identity' in value) || typeof value.identity !== 'string') return null
    const ref = { pid: value.pid, identity: value.identity }
    return isRunning(ref) ? ref : null
  } catch {
    return null
  }
}

export async function writePidFile(path: string, pid: number): Promise<void> {
  const whole = `${path}.${process.pid}`
  await writeFile(whole, JSON.stringify({ pid, identity: processIdentity(pid) ?? '' }))
  await rename(whole, path)
}

/**
 * Ends the process an earlier run left behind, so that its port and its data are free again: first
 * asks with `signal`, after `graceMs` insists. Does nothing to a process that merely has its pid.
 *
 * @returns the pid of what was ended, or null when nothing was left.
 */
export async function reapPidFile(
  path: string,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<number | null> {
  const ref = readPidFile(path)
  if (ref !== null) {
    for (const [name, waitMs] of [[signal, graceMs] as const, ['SIGKILL', 5000] as const]) {
      process.kill(ref.pid, name)
      if (await isGone(ref, waitMs)) break
    }
  }
  rmSync(path, { force: true })
  return ref?.pid ?? null
}

async function isGone(ref: ProcessRef, waitMs: number): Promise<boolean> {
  for (const end = Date.now() + waitMs; Date.now() < end; ) {
    if (!isRunning(ref)) return true
    await sleep(20)
  }
  return !isRunning(ref)
}
