import { randomBytes, randomInt } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { createApi } from '../../api/app.js'
import { shownChain } from '../../api/network/shown-chain.js'
import { serveApi } from '../../api/server.js'
import type { Log } from '../../base/log.js'
import { Metrics } from '../../base/metrics.js'
import { isLoopback } from '../../base/net/loopback.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { DATABASE_OPTIONS, TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import { sr25519Ready } from '../../base/sr25519.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { SEED_MAX } from '../../formats/generation.js'
import { openDatabase } from '../../ledger/database.js'
import { JobSignals } from '../../ledger/requests/job-signals.js'
import { migrate } from '../../ledger/schema/migrate.js'
import { temporalAddress } from '../../temporal/address.js'
import { openTemporalClient } from '../../temporal/client.js'
import { inferenceListeners } from '../inference/listeners.js'
import { asRunning, type Running } from '../running.js'
import { servedVerifier } from '../served-verifier.js'
import { readVideoStandard } from '../video-standard.js'
import { signatureCheck } from '../who-signed.js'

export const API_OPTIONS = [
  'api.host',
  'api.port',
  'api.drain_seconds',
  'api.allow_private_webhooks',
  'api.public_network',
  'api.audit_results',
  'api.verifier',
  'netuid',
  'subtensor.network',
  'subtensor.chain_endpoint',
  'model.dir',
  'inference.url',
  'inference.secret',
  ...DATABASE_OPTIONS,
  ...TEMPORAL_OPTIONS,
  'temporal.ui_address',
] as const

const MAX_CONNECTIONS = 16

/**
 * Starts the HTTP API. Temporal may be down, then jobs wait; PostgreSQL has to be up, because it
 * says which verifier this API serves.
 * @throws FractalError `port_taken`, `bad_option`, `no_verifier`, `several_verifiers`, and the ledger's
 */
export async function runApi(
  options: Options<(typeof API_OPTIONS)[number]>,
  log: Log,
): Promise<Running> {
  const inference = inferenceListeners(options)
  const standard = await readVideoStandard(options['model.dir'] ?? defaultModelDir())
  const address = databaseAddress(options)
  await migrate(address, { log })
  const db = openDatabase({ ...address, applicationName: 'fractal-api', max: MAX_CONNECTIONS, log })
  const temporal = openTemporalClient(temporalAddress(options))
  const signals = new JobSignals({ ...address, applicationName: 'fractal-api', log })
  const stopping = new AbortController()
  const cut = new AbortController()
  // Every stream listens to them: many are no leak.
  setMaxListeners(0, stopping.signal, cut.signal)
  const closeAll = async () => {
    await Promise.allSettled([temporal.connection.close(), signals.close(), db.close()])
  }
  try {
    await sr25519Ready()
    const verifierId = await servedVerifier(
      db,
      options.netuid,
      options['api.verifier'],
      (message) => log.warn(message),
    )
    const app = createApi({
      db,
      temporal,
      signals,
      inference,
      verifierId,
      whoSigned: signatureCheck(verifierId.verifier, Date.now),
      onlyLoopback: isLoopback(options['api.host']),
      publicNetwork: options['api.public_network'],
      auditResults: options['api.audit_results'] ?? null,
      chain: shownChain(options['subtensor.network'], options['subtensor.chain_endpoint']),
      temporalUi: options['temporal.ui_address'] ?? null,
      allowPrivateWebhooks: options['api.allow_private_webhooks'],
      ...standard,
      stopping: stopping.signal,
      cut: cut.signal,
      metrics: new Metrics('api'),
      log,
      now: Date.now,
      elapsed: () => performance.now(),
      randomSeed: () => randomInt(SEED_MAX + 1),
      randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    })
    const server = await serveApi(app, {
      host: options['api.host'],
      port: options['api.port'],
      drainMs: options['api.drain_seconds'] * 1000,
      onCut: () => cut.abort(),
    })
    log.info({ url: server.url }, 'the API listens')
    return asRunning(async () => {
      stopping.abort()
      await server.close()
      await closeAll()
      log.info('the API has stopped')
    })
  } catch (error) {
    await closeAll()
    throw error
  }
}
