import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { environmentName } from '../../base/options/options.js'
import { type Role, spawnRole } from '../../dev/process/role.js'
import { COMPILED_BIN } from './bin.js'

/** A condition ends the wait, not this: a gpu-worker certifies its class first, on a machine that may be busy. */
const READY_MS = 180_000

let spawned = 0

/** A role of ours (`api`, `inference-worker`) as a process of its own, once it does its work. */
export async function spawnTestRole(
  role: string,
  options: Readonly<Record<string, string | number | boolean>>,
  folder: string,
  bin = COMPILED_BIN,
): Promise<Role> {
  spawned += 1
  const name = `${role}-${spawned}`
  const readyFile = join(folder, `${name}.ready`)
  await rm(readyFile, { force: true })
  const env: Record<string, string | undefined> = { FRACTAL_READY_FILE: readyFile }
  for (const variable of ['PATH', 'HOME', 'TMPDIR', 'TZ']) env[variable] = process.env[variable]
  for (const [option, value] of Object.entries(options)) {
    env[environmentName(option)] = String(value)
  }
  return spawnRole({
    name,
    command: process.execPath,
    args: [bin, role],
    env,
    cwd: dirname(dirname(bin)),
    logFile: join(folder, `${name}.log`),
    readyTimeoutMs: READY_MS,
    readyWhen: async (signal) => {
      while (!existsSync(readyFile)) await sleep(20, undefined, { signal })
    },
  })
}
