import { readdir, readFile } from 'node:fs/promises'

/** Of `/proc/PID/stat`, on every Linux that Node runs on. */
const TICK_MS = 10

/**
 * Milliseconds that this process, and those that it has started and that are alive, have run so far: how busy a machine
 * is otherwise changes little about them. Null where there is no /proc.
 */
export async function processorTime(): Promise<number | null> {
  const own = process.cpuUsage()
  const names = await readdir('/proc').catch(() => null)
  if (names === null) return null
  const all = new Map<number, { parent: number; ticks: number }>()
  for (const name of names.filter((text) => /^\d+$/.test(text))) {
    // Of one that has just ended there is none.
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // The second field, a name in brackets, may have spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [parent, user, system] = [1, 11, 12].map((at) => Number(fields[at]))
    if (stat !== '') all.set(Number(name), { parent: parent!, ticks: user! + system! })
  }
  const isOurs = (pid: number): boolean => {
    const parent = all.get(pid)?.parent
    return parent !== undefined && (parent === process.pid || isOurs(parent))
  }
  const ticks = [...all].filter(([pid]) => isOurs(pid)).map(([, one]) => one.ticks)
  return (own.user + own.system) / 1000 + TICK_MS * ticks.reduce((sum, each) => sum + each, 0)
}
