// Several provers in one process, with one engine between them: NAME:PORT, or NAME:PORT:VILLAIN, for each.
// Options come from the environment (FRACTAL_…).
import path from 'node:path'
import { describeError, FractalError } from '../../base/errors.js'
import { createRoleLog, type Log } from '../../base/log.js'
import { Metrics } from '../../base/metrics.js'
import { CHAIN_OPTIONS, WALLET_OPTIONS } from '../../base/options/groups.js'
import { type Options, resolveOptions } from '../../base/options/options.js'
import { ownVersion } from '../../base/version.js'
import { connectChain } from '../../chain/connect.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import type { Generator } from '../../engine/pipeline/generator.js'
import { createCallerLookup } from '../../prover/callers.js'
import { startProver } from '../../prover/prover.js'
import { announceReady } from '../../workers/health/announce-ready.js'
import { pretend } from '../villains/cheater.js'
import { cheatsFile, noteCheat } from '../villains/cheats-file.js'
import { VILLAINS } from '../villains/villains.js'

const OPTIONS = [
  ...CHAIN_OPTIONS,
  ...WALLET_OPTIONS,
  'model.dir',
  'device',
  'state.dir',
  'logging.level',
] as const

const HOST = '127.0.0.1'

/** @returns what stops them */
async function startProvers(
  given: readonly string[],
  options: Options<(typeof OPTIONS)[number]>,
  log: Log,
): Promise<() => Promise<void>> {
  const modelDir = options['model.dir'] ?? defaultModelDir()
  const { netuid, device } = options
  const chain = await connectChain({
    network: options['subtensor.network'],
    endpoint: options['subtensor.chain_endpoint'],
    log,
  })
  const engine = await openEngine({ modelDir, device })
  const lookup = createCallerLookup({ chain, netuid, log })
  const closes: (() => Promise<void> | undefined)[] = []
  const generatorOf = (name: string, villainName: string | undefined): Generator => {
    if (villainName === undefined) return engine
    const villain = VILLAINS[villainName]
    if (villain === undefined) {
      throw new FractalError('no_such_villain', `there is no villain "${villainName}"`)
    }
    const cheater = villain(engine, modelDir)
    closes.push(() => cheater.close?.())
    const cheats = cheatsFile(options['state.dir'], name)
    return pretend(engine, cheater, (traceRoot) => noteCheat(cheats, traceRoot))
  }
  const provers = given.map(async (text) => {
    const [name = '', port = '', villain] = text.split(':')
    const signer = await loadHotkey({ path: options['wallet.path'], name, hotkey: 'default' })
    const prover = await startProver({
      engines: [generatorOf(name, villain)],
      signer,
      lookup,
      genesisHash: chain.genesisHash,
      netuid,
      host: HOST,
      port: Number(port),
      blacklist: { forceVerifierPermit: true, allowNonRegistered: false },
      keepDir: path.join(options['state.dir'], name),
      version: ownVersion(),
      log: log.child({ prover: name }),
      metrics: new Metrics('prover'),
    })
    closes.unshift(() => prover.close())
    await chain.serveAxon(signer, netuid, { ip: HOST, port: prover.port })
  })
  await Promise.all(provers)
  return async () => {
    await Promise.allSettled(closes.map((close) => close()))
    await Promise.allSettled([engine.close(), chain.close()])
  }
}

try {
  const options = resolveOptions(OPTIONS, {}, process.env)
  const log = createRoleLog('prover', options['logging.level'])
  const stop = await startProvers(process.argv.slice(2), options, log)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().then(() => process.exit()))
  }
  await announceReady()
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`)
  process.exit(1)
}
