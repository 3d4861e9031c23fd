import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { environmentName } from '../../base/options/options.js'
import { type GridWallet, registerGrid } from '../grid/wallets.js'
import { type Role, spawnRole } from '../process/role.js'
import type { StateDir } from '../process/state-dir.js'

const BIN = fileURLToPath(new URL('../../cli/fractal.mjs', import.meta.url))
const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const READY_MS = 180_000
const STOP_MS = 20_000
const LOCAL_NETUID = 1

/** The chain that the shape stands on, as a process of its own. */
export interface ShapeChain {
  readonly network: string
  readonly endpoint: string
  /** The subnet, once it is started. */
  readonly netuid: number
  /** An address of this machine that the chain takes for an axon. */
  readonly axonHost: string
  /** What it is, for the reader of the run. */
  readonly is: string
  /** Up, with everybody registered and the verifier's stake in place. */
  start(wallets: readonly GridWallet[]): Promise<void>
  hasEnded(): boolean
  stop(): Promise<void>
}

export interface ChainSettings {
  readonly state: StateDir
  readonly port: number
  readonly blockMs: number
  readonly provers: number
}

/** `fractal devnet`: Subtensor's own runtime (docs/devnet.md). */
export function devnet({ state, port, blockMs, provers }: ChainSettings): ShapeChain {
  let role: Role | null = null
  let netuid = 0
  return {
    network: 'devnet',
    endpoint: `ws://127.0.0.1:${port}`,
    get netuid() {
      return netuid
    },
    // The runtime refuses 127.0.0.1.
    axonHost: '127.0.0.2',
    is: `Subtensor’s own runtime (fractal devnet), a block every ${blockMs / 1000} s`,
    async start() {
      role = await spawnCommand('devnet', state, {
        'devnet.port': port,
        'devnet.block_ms': blockMs,
        'devnet.provers': provers,
        'devnet.wallets': state.wallets,
        'devnet.commit_reveal': false,
        'state.dir': state.root,
      })
      const text = await readFile(path.join(state.root, 'devnet', 'env'), 'utf8')
      netuid = Number(new RegExp(`${environmentName('netuid')}=(\\d+)`).exec(text)?.[1])
    },
    hasEnded: () => role?.hasExited() ?? false,
    async stop() {
      await role?.stop(STOP_MS)
    },
  }
}

/** The local chain (docs/decisions/0002-local-chain.md). */
export function localChain({ state, port, blockMs }: ChainSettings): ShapeChain {
  const endpoint = `http://127.0.0.1:${port}`
  let role: Role | null = null
  return {
    network: 'local',
    endpoint,
    netuid: LOCAL_NETUID,
    axonHost: '127.0.0.1',
    is: `the local chain, which is not Subtensor, a block every ${blockMs / 1000} s`,
    async start(wallets) {
      role = await spawnCommand('localnet', state, {
        'localnet.port': port,
        'localnet.block_ms': blockMs,
        'localnet.allow_loopback': true,
        'state.dir': state.root,
        netuid: LOCAL_NETUID,
      })
      const [verifier, ...provers] = wallets
      await registerGrid(endpoint, LOCAL_NETUID, verifier!, provers)
    },
    hasEnded: () => role?.hasExited() ?? false,
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
  for (const variable of ['PATH', 'HOME', 'TMPDIR', 'TZ', 'SUBTENSOR_SPEC']) {
    env[variable] = process.env[variable]
  }
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
    readyTimeoutMs: READY_MS,
    readyWhen: async (signal) => {
      while (!existsSync(readyFile)) await sleep(50, undefined, { signal })
    },
  })
}
