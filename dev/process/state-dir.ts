import { link, mkdir, rm, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FractalError } from '../../base/errors.js'
import { removePostgres } from '../postgres/start-postgres.js'
import { readPidFile, writePidFile } from './pid-file.js'

/** Everything a demo keeps between two starts. */
export interface StateDir {
  readonly root: string
  /** The embedded Postgres: password, log and data. */
  readonly postgres: string
  readonly temporalDb: string
  readonly wallets: string
  /** The local chain's state. */
  readonly localnet: string
  readonly logs: string
  readonly videos: string
  log(role: string): string
  /** A prover's kept states and answers. */
  prover(name: string): string
  /** Lets the next demo in. */
  unlock(): Promise<void>
}

/** `.fractal` of this clone. */
export function defaultStateRoot(): string {
  return join(resolve(dirname(fileURLToPath(import.meta.url)), '../..'), '.fractal')
}

/**
 * Opens a state folder for one demo at a time. With `fresh` all earlier state is removed first.
 *
 * Throws `state_in_use` when a demo that is running holds it; what a killed one left is taken over.
 */
export async function openStateDir(root: string, options = { fresh: false }): Promise<StateDir> {
  await mkdir(root, { recursive: true })
  const lock = join(root, 'demo.lock')
  await takeLock(root, lock)
  const state = pathsOf(root, () => rm(lock, { force: true }))
  if (options.fresh) await removeState(state)
  for (const folder of [state.logs, state.wallets, state.videos]) {
    await mkdir(folder, { recursive: true })
  }
  return state
}

function pathsOf(root: string, unlock: () => Promise<void>): StateDir {
  const logs = join(root, 'logs')
  return {
    root,
    postgres: join(root, 'pg'),
    temporalDb: join(root, 'temporal.db'),
    wallets: join(root, 'wallets'),
    localnet: join(root, 'localnet.json'),
    logs,
    videos: join(root, 'videos'),
    log: (role) => join(logs, `${role}.log`),
    prover: (name) => join(root, 'provers', name),
    unlock,
  }
}

async function takeLock(root: string, lock: string): Promise<void> {
  // Written in full beside its place and then linked: whoever links first owns it, and nobody reads half a
  // file.
  const mine = join(root, `demo.lock.${process.pid}`)
  await writePidFile(mine, process.pid)
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await link(mine, lock)
        return
      } catch (error) {
        const holder = readPidFile(lock)
        if (holder !== null || attempt === 3) {
          throw new FractalError(
            'state_in_use',
            `A demo or devnet is running in this folder already (process ${holder?.pid ?? 'unknown'}, ${root}).`,
            { hint: 'Stop it with Ctrl-C, or start this one in another clone.', cause: error },
          )
        }
        await rm(lock, { force: true })
      }
    }
  } finally {
    await unlink(mine)
  }
}

async function removeState(state: StateDir): Promise<void> {
  await removePostgres(state.postgres)
  const { temporalDb, wallets, localnet, logs, videos } = state
  const files = ['', '-wal', '-shm'].map((suffix) => `${temporalDb}${suffix}`)
  for (const path of [...files, wallets, localnet, logs, videos, dirname(state.prover('any'))]) {
    await rm(path, { recursive: true, force: true })
  }
}
