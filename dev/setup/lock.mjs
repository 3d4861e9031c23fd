import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The locks that this process holds. */
const held = new Set()

/**
 * Runs `work` while no other set-up in this clone does: two `npm ci` at once would ruin each other.
 *
 * @param {string} path of the lock file
 * @param {() => void} onWait told once, when another set-up is at work
 * @param {() => Promise<void>} work
 */
export async function withSetupLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true })
  for (let waited = false; !take(path); ) {
    // One that was left behind is gone by now: nobody is waited for.
    if (isLeftOver(path)) {
      rmSync(path, { force: true })
      continue
    }
    if (!waited) onWait()
    waited = true
    await sleep(200)
  }
  try {
    await work()
  } finally {
    held.delete(path)
    rmSync(path, { force: true })
  }
}

function take(path) {
  try {
    writeFileSync(path, `${process.pid} ${startOf(process.pid)}`, { flag: 'wx' })
    held.add(path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

/**
 * Whether its holder is gone. A pid alone does not say: in a container the next set-up is given the
 * same one, and would wait for itself. A file without a pid is being written, unless it stays that way.
 */
function isLeftOver(path) {
  try {
    const [pid, start] = readFileSync(path, 'utf8').split(' ')
    if (!/^[1-9]\d*$/.test(pid)) return Date.now() - statSync(path).mtimeMs > 5000
    if (Number(pid) === process.pid) return !held.has(path)
    process.kill(Number(pid), 0)
    return Boolean(start) && startOf(pid) !== '' && startOf(pid) !== start
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** When a process began, in ticks since the machine did; empty where there is no /proc. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything, so count from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return ''
  }
}
