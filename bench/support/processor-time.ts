import { readdir, readFile } from 'node:fs/promises'

/** Of `/proc/PID/stat`, on every Linux that Node runs on. */
const TICK_MS = 10

interface Usage {
  readonly parent: number
  readonly ticks: number
}

/**
 * Milliseconds of a processor that this process, those that it has started, and those of theirs that have ended took so
 * far: how busy a machine is otherwise changes little about them. Null where there is no /proc.
 */
export async function processorTime(): Promise<number | null> {
  const names = await readdir('/proc').catch(() => null)
  if (names === null) return null
  const all = new Map<number, Usage>()
  for (const name of names.filter((text) => /^\d+$/.test(text))) {
    // Of one that has just ended there is none: what it took is its parent's from then on.
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    if (stat !== '') all.set(Number(name), usageOf(stat))
  }
  const isOurs = (pid: number): boolean =>
    pid === process.pid || (all.has(pid) && isOurs(all.get(pid)!.parent))
  const ours = [...all].filter(([pid]) => isOurs(pid))
  return TICK_MS * ours.reduce((sum, [, { ticks }]) => sum + ticks, 0)
}

function usageOf(stat: string): Usage {
  // The second field is the program's name in brackets and may hold anything, so count from its end.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  // proc_pid_stat(5): utime, stime, and those of children that ended.
  return { parent: fields[1]!, ticks: fields.slice(11, 15).reduce((sum, each) => sum + each) }
}
