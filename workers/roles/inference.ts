import { randomInt, randomUUID } from 'node:crypto'
import { Worker } from '@temporalio/worker'
import { createInferenceActivities } from '../../activities/inference-activities.js'
import type { InferenceDeps } from '../../activities/inference-deps.js'
import { ClockWatch } from '../../activities/shared/clock-watch.js'
import { ProverRoutes } from '../../activities/video/prover-routes.js'
import { RunningJobs } from '../../activities/video/running-jobs.js'
import type { Log } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { DATABASE_OPTIONS, TEMPORAL_OPTIONS, WALLET_OPTIONS } from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import { connectChain } from '../../chain/connect.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { openDatabase } from '../../ledger/database.js'
import { JobSignals } from '../../ledger/requests/job-signals.js'
import { recordGenesis } from '../../ledger/schema/genesis.js'
import { migrate } from '../../ledger/schema/migrate.js'
import { HEDGE_FLOOR_DIVISOR } from '../../rules/constants.js'
import { connectTemporal } from '../../temporal/connection.js'
import { startVideo } from '../../temporal/start/start-video.js'
import { INFERENCE_QUEUE, WEBHOOK_QUEUE } from '../../temporal/task-queues.js'
import { workflowBundle } from '../../temporal/workflow-bundle.js'
import { exportQueues } from '../health/ledger-metrics.js'
import { HEALTH_OPTIONS, type RoleHealth, withHealth } from '../health/role-health.js'
import { BlockNow } from '../inference/block-now.js'
import { deliverWebhooks } from '../inference/deliver-webhooks.js'
import { DirectRuns } from '../inference/direct-runs.js'
import { listenerSecret } from '../inference/listeners.js'
import { startRunListener } from '../inference/run-listener.js'
import { NAMED_PROFILE_OPTIONS, namedProfile } from '../mechanism-profile.js'
import { asRunning, type Running } from '../running.js'
import { tendOrphanedVideos } from '../sweeps/orphaned-videos.js'
import { RETENTION_OPTIONS, startRetentionSweep } from '../sweeps/retention-sweep.js'
import { startPendingVideos } from '../sweeps/start-pending-videos.js'
import { VerifierHotkeys } from '../verifier-hotkeys.js'
import { walletOf } from '../wallet.js'

export const INFERENCE_OPTIONS = [
  'netuid',
  'subtensor.chain_endpoint',
  ...WALLET_OPTIONS,
  ...NAMED_PROFILE_OPTIONS,
  'chain.allow_private_addresses',
  'inference.host',
  'inference.port',
  'inference.secret',
  'api.allow_private_webhooks',
  ...RETENTION_OPTIONS,
  ...DATABASE_OPTIONS,
  ...TEMPORAL_OPTIONS,
  ...HEALTH_OPTIONS,
] as const

type InferenceOptions = Options<(typeof INFERENCE_OPTIONS)[number]>

/** Concurrent users' requests in one worker. */
const MAX_ACTIVITIES = 64
const STICKY_TIMEOUT = '3 s'

/** Starts an inference worker: it polls the queue `inference`, routes users' requests and asks provers. */
export function runInferenceWorker(options: InferenceOptions, log: Log): Promise<Running> {
  return withHealth('inference-worker', options, log, (health) =>
    startInferenceWorker(options, log, health),
  )
}

async function startInferenceWorker(
  options: InferenceOptions,
  log: Log,
  health: RoleHealth,
): Promise<Running> {
  const profile = namedProfile(options)
  const signer = await loadHotkey(walletOf(options, log))
  const chain = await connectChain({
    network: options['subtensor.network'],
    endpoint: options['subtensor.chain_endpoint'],
    log,
  })
  const { genesisHash } = chain
  const id = { netuid: options.netuid, verifier: signer.ss58 }
  const { netuid, verifier } = id
  const subnet = await health.watchNeuron({ chain, netuid, log }, verifier, ['permit'])
  const blocks = await BlockNow.start(chain, log)
  const verifiers = new VerifierHotkeys(subnet)
  const secret = options['inference.port'] === 0 ? null : listenerSecret(options)
  const address = databaseAddress(options)
  await migrate(address, { log })
  const db = openDatabase({ ...address, applicationName: 'fractal-inference', max: 16, log })
  health.watchPostgres(db)
  await recordGenesis(db, id, genesisHash)
  const signals = new JobSignals({ ...address, applicationName: 'fractal-inference', log })
  const jobs = new RunningJobs(db, signals)
  const temporal = await connectTemporal(options, log)
  const clock = new ClockWatch(log)
  health.watchClock(clock)
  const deps: InferenceDeps = {
    id,
    db,
    jobs,
    signer,
    genesisHash,
    chain,
    allowPrivateAddresses: options['chain.allow_private_addresses'],
    mayVerify: verifiers.has,
    clock,
    routes: new ProverRoutes(db, id),
    block: () => blocks.get(),
    deadlineFloorMs: profile.deadlineFloorMs,
    hedgeFloorMs: Math.floor(profile.deadlineFloorMs / HEDGE_FLOOR_DIVISOR),
    log,
    random: (below) => randomInt(below),
    newRequestId: randomUUID,
  }
  const worker = await Worker.create({
    connection: temporal.worker,
    namespace: temporal.namespace,
    dataConverter: temporal.dataConverter,
    taskQueue: INFERENCE_QUEUE,
    workflowBundle: await workflowBundle(log, temporal.dataConverter),
    activities: createInferenceActivities(deps),
    maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    shutdownGraceTime: '5 s',
  })
  const run = worker.run()
  health.watchTemporal(temporal, worker, [INFERENCE_QUEUE, WEBHOOK_QUEUE])
  exportQueues(health.metrics, db, id)
  const sweep = startPendingVideos(db, id, temporal.client, log)
  const orphans = tendOrphanedVideos(deps, temporal.client)
  const retentionSweep = startRetentionSweep(db, id, options, log)
  const webhooks = await deliverWebhooks({
    id,
    db,
    temporal,
    allowPrivate: options['api.allow_private_webhooks'],
    log,
  })
  const runs = new DirectRuns(deps, (jobId) => startVideo(db, temporal.client, jobId))
  const { 'inference.host': host, 'inference.port': port } = options
  const listener =
    secret === null ? null : await startRunListener(runs, { host, port, secret, log })
  log.info('the inference worker serves users’ requests')
  return asRunning(
    async () => {
      sweep.stop()
      orphans.stop()
      retentionSweep.stop()
      blocks.stop()
      runs.close()
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await Promise.allSettled([run, webhooks.stop()])
      await runs.stop()
      await listener?.close()
      jobs.close()
      await temporal.close()
      await Promise.allSettled([signals.close(), db.close(), chain.close()])
    },
    Promise.all([run, webhooks.run]).then(() => new Promise(() => undefined)),
  )
}
