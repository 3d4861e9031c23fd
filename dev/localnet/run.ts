import path from 'node:path'
import type { Log } from '../../base/log.js'
import type { Options } from '../../base/options/options.js'
import { asRunning, type Running } from '../../workers/running.js'
import { startLocalnet } from './server.js'

export const LOCALNET_OPTIONS = [
  'localnet.port',
  'localnet.block_ms',
  'localnet.allow_loopback',
  'netuid',
  'state.dir',
] as const

/** Starts the development chain with one empty subnet; neurons are registered by its admin calls. */
export async function runLocalnet(
  options: Options<(typeof LOCALNET_OPTIONS)[number]>,
  log: Log,
): Promise<Running> {
  const chain = await startLocalnet({
    port: options['localnet.port'],
    statePath: path.join(options['state.dir'], 'localnet.json'),
    blockMs: options['localnet.block_ms'],
    allowLoopback: options['localnet.allow_loopback'],
    genesis: [{ name: 'createSubnet', netuid: options.netuid, params: {} }],
    log,
  })
  return asRunning(() => chain.close())
}
