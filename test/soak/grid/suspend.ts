import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { readPidFile } from '../../../dev/process/pid-file.js'
import type { TestGrid } from '../../support/grid/test-grid.js'

/** Stops a process and all it started where they are: connections stay open and nobody answers. @returns how to go on */
export async function suspend(site: TestGrid, name: string): Promise<() => void> {
  const pid = pidOf(site, name)
  // `pgrep` ends with 1 where there are none.
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({
    stdout: '',
  }))
  const pids = [pid, ...stdout.split('\n').filter(Boolean).map(Number)]
  for (const each of pids) process.kill(each, 'SIGSTOP')
  return () => {
    for (const each of pids) process.kill(each, 'SIGCONT')
  }
}

function pidOf({ grid, state }: TestGrid, name: string): number {
  if (name === 'postgres') return readPidFile(path.join(state.postgres, 'postgres.pid.json'))!.pid
  if (name === 'temporal') return readPidFile(`${state.temporalDb}.pid.json`)!.pid
  return grid.rolePid(name)
}
