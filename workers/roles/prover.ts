import path from 'node:path'
import type { Log } from '../../base/log.js'
import { Metrics } from '../../base/metrics.js'
import { assertCanListen } from '../../base/net/http-listener.js'
import { isDevelopmentNetwork } from '../../base/network-name.js'
import { CHAIN_OPTIONS, WALLET_OPTIONS } from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import { ownVersion } from '../../base/version.js'
import { connectChain } from '../../chain/connect.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import type { Generator } from '../../engine/pipeline/generator.js'
import { advertisedAddress } from '../../prover/advertised-address.js'
import { createCallerLookup } from '../../prover/callers.js'
import type { ProverEngine } from '../../prover/engines/prover-engine.js'
import { startEngines } from '../../prover/engines/start-engines.js'
import { DRAIN_MS, PROVER_LISTENER, startProver } from '../../prover/prover.js'
import { assertRegistered } from '../assert-registered.js'
import { AxonKeeper } from '../axon-keeper.js'
import { exportBlockMetrics, missingBlocks, watchBlocks } from '../health/block-watchdog.js'
import { modelEndpoints } from '../model-endpoints.js'
import { exportNeuronMetrics, NeuronWatch } from '../neuron-watch.js'
import { asRunning, type Running } from '../running.js'
import { SubnetWatch } from '../subnet-watch.js'
import { walletOf } from '../wallet.js'

export const PROVER_OPTIONS = [
  ...CHAIN_OPTIONS,
  ...WALLET_OPTIONS,
  'axon.host',
  'axon.port',
  'axon.external_ip',
  'axon.external_port',
  'chain.allow_private_addresses',
  'neuron.name',
  'neuron.axon_off',
  'neuron.model_endpoint',
  'model.dir',
  'device',
  'gpu.count',
  'blacklist.force_verifier_permit',
  'blacklist.allow_non_registered',
  'state.dir',
  'health.block_seconds',
] as const

/**
 * Starts a prover: loads the model, serves its axon and puts its address on the chain.
 * @param replace what generates in place of the engine; for the demo's villains, which are ordinary
 * provers otherwise
 */
export async function runProver(
  options: Options<(typeof PROVER_OPTIONS)[number]>,
  log: Log,
  replace?: (engine: Generator) => Generator,
): Promise<Running> {
  const endpoints = modelEndpoints(options['neuron.model_endpoint'])
  const allowPrivate =
    options['chain.allow_private_addresses'] || isDevelopmentNetwork(options['subtensor.network'])
  const address = options['neuron.axon_off']
    ? null
    : advertisedAddress(
        {
          host: options['axon.host'],
          port: options['axon.port'],
          externalIp: options['axon.external_ip'],
          externalPort: options['axon.external_port'],
        },
        allowPrivate,
      )
  const { netuid } = options
  const signer = await loadHotkey(walletOf(options, log))
  const chain = await connectChain({
    network: options['subtensor.network'],
    endpoint: options['subtensor.chain_endpoint'],
    log,
  })
  const id = { netuid, verifier: signer.ss58 }
  // Before the model is loaded, which takes a while.
  if (address !== null) await assertRegistered(chain, id)
  const listenOn = { host: options['axon.host'], port: options['axon.port'] }
  await assertCanListen(listenOn, PROVER_LISTENER)
  const engines = await startEngines({
    modelDir: options['model.dir'] ?? defaultModelDir(),
    device: options.device,
    count: options['gpu.count'],
    ...(endpoints !== undefined && { endpoints }),
    log,
    ...(replace === undefined ? {} : { replace }),
  })
  const closeEngines = () => engines.map((engine) => engine.close())
  const limitMs = options['health.block_seconds'] * 1000
  const metrics = new Metrics('prover')
  exportBlockMetrics(metrics, chain)
  let keeper: AxonKeeper | null = null
  const subnet = new SubnetWatch({ chain, netuid, log })
  const neuron = new NeuronWatch({
    ...{ subnet, netuid, log, hotkey: signer.ss58, needs: [] },
    onNeuron: async (seen) => keeper?.keep(seen),
  })
  exportNeuronMetrics(metrics, neuron, [])
  const checks = (): [check: string, why: string | null][] => [
    ['chain', missingBlocks(chain, limitMs)],
    ['neuron', neuron.whyNotReady()],
    ['axon', keeper?.whyNotReady() ?? null],
    ['engine', lostEngines(engines)],
  ]
  const prover = await startProver({
    engines,
    signer,
    lookup: createCallerLookup({ chain, netuid, log }),
    genesisHash: chain.genesisHash,
    netuid,
    ...listenOn,
    blacklist: {
      forceVerifierPermit: options['blacklist.force_verifier_permit'],
      allowNonRegistered: options['blacklist.allow_non_registered'],
    },
    keepDir: path.join(options['state.dir'], options['neuron.name']),
    notReady: () => checks().flatMap(([check, why]) => (why === null ? [] : [{ check, why }])),
    version: ownVersion(),
    log,
    metrics,
  }).catch(async (error) => {
    subnet.stop()
    await Promise.allSettled([...closeEngines(), chain.close()])
    throw error
  })
  const watchdog = watchBlocks(chain, { log, limitMs })
  const close = async () => {
    watchdog.stop()
    subnet.stop()
    await prover.drain(DRAIN_MS)
    await prover.close()
    await Promise.allSettled([...closeEngines(), chain.close()])
  }
  try {
    if (address !== null) {
      // Port 0 is any that was free.
      const served = { ...address, port: address.port === 0 ? prover.port : address.port }
      keeper = new AxonKeeper({ chain, signer, netuid, address: served, log })
      await keeper.serve()
    } else {
      await subnet.read()
    }
  } catch (error) {
    await close()
    throw error
  }
  return asRunning(close)
}

function lostEngines(engines: readonly ProverEngine[]): string | null {
  const lost = engines.filter(({ isLost }) => isLost).length
  return lost === 0 ? null : `${lost} of ${engines.length} GPU workers ended and are started again`
}
