import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `work` while no other set-up in this clone does: two `npm ci` at once would ruin each other.
 *
 * @param {string} path of the lock file
 * @param {() => void} onWait told once, when another set-up is at work
 * @param {() => Promise<void>} work
 */
export async function withSetupLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true })
  for (let waited = false; !take(path); waited = true) {
    if (!waited) onWait()
    await sleep(200)
  }
  try {
    await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (isLeftOver(path)) rmSync(path, { force: true })
    return false
  }
}

/** Whether its holder is gone. A file without a pid is being written, unless it stays that way. */
function isLeftOver(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    if (pid === 0) return Date.now() - statSync(path).mtimeMs > 5000
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}
