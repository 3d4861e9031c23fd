import { randomBytes } from 'node:crypto'
import { Worker } from '@temporalio/worker'
import { ClockWatch } from '../../activities/shared/clock-watch.js'
import { FinalityWatch } from '../../activities/shared/finality-watch.js'
import { createVerifierActivities } from '../../activities/verifier-activities.js'
import type { VerifierDeps } from '../../activities/verifier-deps.js'
import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { DATABASE_OPTIONS, TEMPORAL_OPTIONS, WALLET_OPTIONS } from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import { connectChain } from '../../chain/connect.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { standardOf } from '../../engine/model/known-answers.js'
import { SHIPPED_MODEL } from '../../engine/models/default-model.js'
import { stateSize } from '../../engine/pipeline/states.js'
import { openDatabase } from '../../ledger/database.js'
import { putBaselineLastUpdate } from '../../ledger/intervals/lease.js'
import { recordGenesis } from '../../ledger/schema/genesis.js'
import { migrate } from '../../ledger/schema/migrate.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { connectTemporal } from '../../temporal/connection.js'
import { registerSearchAttributes } from '../../temporal/register-search-attributes.js'
import {
  assertNamespaceIsOurs,
  startIntervalLoop,
} from '../../temporal/start/start-interval-loop.js'
import { INFERENCE_QUEUE, VERIFIER_QUEUE } from '../../temporal/task-queues.js'
import { workflowBundle } from '../../temporal/workflow-bundle.js'
import { assertRegistered } from '../assert-registered.js'
import { takeLease } from '../deployment-lease.js'
import { countVerdicts, exportIntervals } from '../health/ledger-metrics.js'
import { HEALTH_OPTIONS, type RoleHealth, withHealth } from '../health/role-health.js'
import { intervalSettings } from '../interval-settings.js'
import { judgedModel } from '../judged-model.js'
import { mechanismProfile, PROFILE_OPTIONS } from '../mechanism-profile.js'
import { promptCorpus } from '../prompt-corpus.js'
import { asRunning, type Running } from '../running.js'
import { VerifierHotkeys } from '../verifier-hotkeys.js'
import { walletOf } from '../wallet.js'
import { warnOfPruning } from '../warn-of-pruning.js'
import { WorkflowWatch } from '../watch-workflows.js'

export const VERIFIER_OPTIONS = [
  'netuid',
  'subtensor.chain_endpoint',
  ...WALLET_OPTIONS,
  ...PROFILE_OPTIONS,
  'challenge.prompts',
  'neuron.mechanism',
  'neuron.disable_set_weights',
  'neuron.axon_off',
  'chain.allow_private_addresses',
  'model.dir',
  'neuron.model_endpoint',
  'device',
  'gpu.class',
  'gpu.count',
  'ledger.patience',
  ...DATABASE_OPTIONS,
  ...TEMPORAL_OPTIONS,
  ...HEALTH_OPTIONS,
] as const

type VerifierOptions = Options<(typeof VERIFIER_OPTIONS)[number]>

/** Concurrent activities: waits for blocks, and a few seconds of work in each round. */
const MAX_ACTIVITIES = 200
/** How long a workflow waits for the worker that had it, before another may take it (default 10 s). */
const STICKY_TIMEOUT = '3 s'

/**
 * Starts a verifier: it polls the queue `verifier`, follows the chain and judges interval by interval.
 * It waits while another deployment judges with the same hotkey.
 */
export function runVerifier(options: VerifierOptions, log: Log): Promise<Running> {
  return withHealth('verifier', options, log, (health) => startVerifier(options, log, health))
}

async function startVerifier(
  options: VerifierOptions,
  log: Log,
  health: RoleHealth,
): Promise<Running> {
  const profile = mechanismProfile(options)
  if (profile.name !== 'production') {
    log.warn(
      { profile: profile.name },
      'a scaled-down profile: its tiers and certificates mean nothing elsewhere',
    )
  }
  const signer = await loadHotkey(walletOf(options, log))
  const chain = await connectChain({
    network: options['subtensor.network'],
    endpoint: options['subtensor.chain_endpoint'],
    mechanism: options['neuron.mechanism'],
    log,
  })
  health.watchChain(chain)
  const id: VerifierId = { netuid: options.netuid, verifier: signer.ss58 }
  await assertRegistered(chain, id)
  const { netuid, verifier } = id
  const needs = options['neuron.disable_set_weights']
    ? (['permit'] as const)
    : (['permit', 'stake'] as const)
  const subnet = await health.watchNeuron({ chain, netuid, log }, verifier, needs)
  const verifiers = new VerifierHotkeys(subnet)
  await warnOfPruning(chain, { netuid, intervalBlocks: profile.intervalBlocks, log })
  const model = await judgedModel(options)
  const standard = model.descriptor
  if (standard === null) {
    throw new FractalError('model_undescribed', 'the model folder has no fractal.json', {
      hint: 'Challenges ask for the standard request that fractal.json names: add one.',
    })
  }
  const corpus = await promptCorpus(options['challenge.prompts'], {
    bundled: model.corpus,
    hasGrammar: standard.name === SHIPPED_MODEL,
    isProduction: profile.name === 'production',
  })
  const address = databaseAddress(options)
  await migrate(address, { log })
  const db = openDatabase({ ...address, applicationName: 'fractal-verifier', max: 16, log })
  health.watchPostgres(db)
  await recordGenesis(db, id, chain.genesisHash)
  const temporal = await connectTemporal(options, log)
  const stopping = new AbortController()
  const leaseState = health.watchLease()
  const lease = await takeLease(db, id, log, stopping.signal)
  leaseState.state = 'held'
  lease.lost.catch(() => {
    leaseState.state = 'lost'
  })
  await putBaselineLastUpdate(db, id, (await assertRegistered(chain, id)).lastUpdate)
  await registerSearchAttributes(temporal.client, temporal.namespace)
  await assertNamespaceIsOurs(temporal, id)

  exportIntervals(health.metrics, db, id)
  const clock = new ClockWatch(log)
  health.watchClock(clock)
  const deps: VerifierDeps = {
    id,
    db,
    chain,
    finality: new FinalityWatch(chain, log),
    signer,
    profile,
    fence: () => lease.fence,
    allowPrivateAddresses: options['chain.allow_private_addresses'],
    mayVerify: verifiers.has,
    clock,
    model: { ...standardOf(standard), name: standard.name, root: model.root },
    corpus,
    stateSize: (video, i) => stateSize(video, model.shape, i),
    settings: intervalSettings(options, profile.intervalBlocks * chain.blockSeconds),
    gpus: options['gpu.count'],
    countVerdicts: countVerdicts(health.metrics),
    log,
    newSecret: () => randomBytes(32),
  }
  const worker = await Worker.create({
    connection: temporal.worker,
    namespace: temporal.namespace,
    dataConverter: temporal.dataConverter,
    taskQueue: VERIFIER_QUEUE,
    workflowBundle: await workflowBundle(log, temporal.dataConverter),
    activities: createVerifierActivities(deps),
    maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
  })
  const run = worker.run()
  health.watchTemporal(temporal, worker, [VERIFIER_QUEUE])
  health.watchQueue('asking', temporal, {
    queue: INFERENCE_QUEUE,
    red: 'no inference worker runs: nobody asks provers, start `fractal inference-worker`',
  })
  health.watchGpuWorkers(db, {
    queue: deps.settings.gpuQueue,
    red: `no GPU worker of ${deps.settings.gpuQueue} runs: nothing can be checked, start \`fractal gpu-worker\``,
  })
  await startIntervalLoop(temporal, id)
  const watch = new WorkflowWatch({ id, db, temporal, settings: deps.settings, log })
  health.watchWorkflows(watch)
  log.info(
    { verifier: id.verifier, netuid: id.netuid, profile: profile.name },
    'the verifier judges',
  )
  const close = async () => {
    stopping.abort()
    watch.stop()
    if (worker.getState() === 'RUNNING') worker.shutdown()
    await run.catch(() => undefined)
    await lease.release()
    await temporal.close()
    await Promise.allSettled([db.close(), chain.close()])
  }
  return asRunning(close, Promise.race([lease.lost, run.then(() => new Promise(() => undefined))]))
}
