import { Worker } from '@temporalio/worker'
import { createGpuActivities } from '../../activities/gpu-activities.js'
import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { DATABASE_OPTIONS, TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import { openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import type { Generator } from '../../engine/pipeline/generator.js'
import { parseDeterminismClass } from '../../formats/determinism-class.js'
import { openDatabase } from '../../ledger/database.js'
import { migrate } from '../../ledger/schema/migrate.js'
import { connectTemporal } from '../../temporal/connection.js'
import { gpuQueue } from '../../temporal/task-queues.js'
import { certifyClass } from '../certify-class.js'
import { HEALTH_OPTIONS, type RoleHealth, withHealth } from '../health/role-health.js'
import { NAMED_PROFILE_OPTIONS, namedProfile } from '../mechanism-profile.js'
import { asRunning, type Running } from '../running.js'

export const GPU_OPTIONS = [
  'device',
  'gpu.class',
  'model.dir',
  'gpu.recertify',
  ...NAMED_PROFILE_OPTIONS,
  ...DATABASE_OPTIONS,
  ...TEMPORAL_OPTIONS,
  ...HEALTH_OPTIONS,
] as const

type GpuOptions = Options<(typeof GPU_OPTIONS)[number]>

/**
 * Starts a GPU worker: it loads the model, refuses a GPU of another class, certifies its determinism
 * class, then takes one task at a time from the queue of that class. It holds no key.
 * @throws FractalError `wrong_gpu`, and the engine's
 */
export function runGpuWorker(options: GpuOptions, log: Log): Promise<Running> {
  return withHealth('gpu-worker', options, log, (health) => startGpuWorker(options, log, health))
}

async function startGpuWorker(options: GpuOptions, log: Log, health: RoleHealth): Promise<Running> {
  const { device } = options
  const profile = namedProfile(options)
  const modelDir = options['model.dir'] ?? defaultModelDir()
  const found = await openEngine({ modelDir, device })
  assertGpuClass(found, options['gpu.class'])
  const { determinismClass } = found
  // The certifying runs open sessions of their own: a GPU must not hold the model twice.
  if (device === 'cuda') await found.close()
  if (device === 'cpu') {
    log.warn(
      'DEVELOPMENT: ground truths are computed on the CPU, on a queue of their own (gpu-cpu)',
    )
  }
  const address = databaseAddress(options)
  await migrate(address, { log })
  const db = openDatabase({ ...address, applicationName: 'fractal-gpu', max: 4, log })
  health.watchPostgres(db)
  const again = options['gpu.recertify']
  await certifyClass({
    ...{ db, determinismClass, device, modelDir, profile, again, log },
  })
  const generator = device === 'cuda' ? await openEngine({ modelDir, device }) : found
  const temporal = await connectTemporal(options, log)
  const queue = gpuQueue(device, options['gpu.class'])
  const worker = await Worker.create({
    connection: temporal.worker,
    namespace: temporal.namespace,
    dataConverter: temporal.dataConverter,
    taskQueue: queue,
    activities: createGpuActivities({
      db,
      generator,
      openFresh: () => openEngine({ modelDir, device }),
      log,
    }),
    // One GPU, one task: two concurrent ones would slow both and double the memory.
    maxConcurrentActivityTaskExecutions: 1,
  })
  const run = worker.run()
  health.watchTemporal(temporal, worker, [queue])
  log.info({ queue }, 'the GPU worker takes tasks')
  return asRunning(
    async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await run.catch(() => undefined)
      await temporal.close()
      await Promise.allSettled([db.close(), generator.close()])
    },
    run.then(() => new Promise(() => undefined)),
  )
}

/** The determinism class names the GPU (`device=NVIDIA-GeForce-RTX-3090`): the queue's class must be in it. */
function assertGpuClass(generator: Generator, gpuClass: string): void {
  if (generator.device === 'cpu') return
  const gpu = parseDeterminismClass(generator.determinismClass)!.device
  if (gpu.split(/[^A-Za-z0-9]+/).includes(gpuClass)) return
  throw new FractalError('wrong_gpu', `this GPU is ${gpu}, not of the class ${gpuClass}`, {
    hint: 'Run the GPU worker on a machine of that class; others prove nothing about its provers.',
  })
}
