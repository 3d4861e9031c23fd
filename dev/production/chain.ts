import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { environmentName } from '../../base/options.js'
import { type GridWallet, registerGrid } from '../grid-wallets.js'
import { type Role, spawnRole } from '../process.js'
import type { StateDir } from '../state-dir.js'

const BIN = fileURLToPath(new URL('../../cli/fractal.mjs', import.meta.url))
const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const STOP_MS = 20_000

/** The chain that the shape stands on, as a process of its own. */
export interface ShapeChain {
  readonly network: string
  readonly endpoint: string
  /** What it is, for the reader of the run. */
  readonly is: string
  /** Up, with everybody registered and the verifier's stake in place. */
  start(wallets: readonly GridWallet[]): Promise<void>
  stop(): Promise<void>
}

export interface ChainSettings {
  readonly state: StateDir
  readonly port: number
  readonly netuid: number
  readonly blockMs: number
}

/** The local chain (docs/decisions/0002-local-chain.md). */
export function localChain({ state, port, netuid, blockMs }: ChainSettings): ShapeChain {
  const endpoint = `http://127.0.0.1:${port}`
  let role: Role | null = null
  return {
    network: 'local',
    endpoint,
    is: `the local chain, a block every ${blockMs / 1000} s`,
    async start(wallets) {
      role = await spawnCommand('localnet', state, {
        'localnet.port': port,
        'localnet.block_ms': blockMs,
        'localnet.allow_loopback': true,
        'state.dir': state.root,
        netuid,
      })
      const [verifier, ...provers] = wallets
      await registerGrid(endpoint, netuid, verifier!, provers)
    },
    async stop() {
      await role?.stop(STOP_MS)
    },
  }
}

async function spawnCommand(
  command: string,
  state: StateDir,
  settings: Readonly<Record<string, string | number | boolean>>,
): Promise<Role> {
  const readyFile = path.join(state.root, `${command}.ready`)
  await rm(readyFile, { force: true })
  const env: Record<string, string | undefined> = { FRACTAL_READY_FILE: readyFile }
  for (const variable of ['PATH', 'HOME', 'TMPDIR', 'TZ']) env[variable] = process.env[variable]
  for (const [option, value] of Object.entries(settings)) {
    env[environmentName(option)] = String(value)
  }
  return spawnRole({
    name: command,
    command: process.execPath,
    args: [BIN, command],
    env,
    cwd: CLONE,
    logFile: state.log(command),
    readyWhen: async (signal) => {
      while (!existsSync(readyFile)) await sleep(50, undefined, { signal })
    },
  })
}
