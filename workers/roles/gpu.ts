import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { DATABASE_OPTIONS, TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import { type Engine, openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import type { Generator } from '../../engine/pipeline/generator.js'
import { parseDeterminismClass } from '../../formats/determinism-class.js'
import { openDatabase } from '../../ledger/database.js'
import { migrate } from '../../ledger/schema/migrate.js'
import { connectTemporal } from '../../temporal/connection.js'
import { gpuQueue } from '../../temporal/task-queues.js'
import { certifyClass } from '../certify-class.js'
import { takeGpuQueue } from '../gpu-queue-claim.js'
import { GpuTasks } from '../gpu-tasks.js'
import { HEALTH_OPTIONS, type RoleHealth, withHealth } from '../health/role-health.js'
import { KeptSession } from '../kept-session.js'
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
 * class, then takes one task at a time from the queue of that class. A class that loses its exactness is certified
 * again between two tasks. It holds no key.
 * @throws FractalError `wrong_gpu`, `queue_of_other_class`, and the engine's
 */
export function runGpuWorker(options: GpuOptions, log: Log): Promise<Running> {
  return withHealth('gpu-worker', options, log, (health) => startGpuWorker(options, log, health))
}

async function startGpuWorker(options: GpuOptions, log: Log, health: RoleHealth): Promise<Running> {
  const { device } = options
  const profile = namedProfile(options)
  const modelDir = options['model.dir'] ?? defaultModelDir()
  const open = () => openEngine({ modelDir, device })
  const found = await open()
  assertGpuClass(found, options['gpu.class'])
  const { determinismClass } = found
  if (device === 'cpu') {
    log.warn(
      'DEVELOPMENT: ground truths are computed on the CPU, on a queue of their own (gpu-cpu)',
    )
  }
  const address = databaseAddress(options)
  await migrate(address, { log })
  const db = openDatabase({ ...address, applicationName: 'fractal-gpu', max: 4, log })
  health.watchPostgres(db)
  const queue = gpuQueue(device, options['gpu.class'])
  const claim = await takeGpuQueue(db, queue, determinismClass, log)
  const stopping = new AbortController()
  // A GPU must not hold the model twice for longer than it has to.
  const kept = device === 'cpu' ? new KeptSession(open) : null
  const certifying = {
    db,
    determinismClass,
    device,
    modelDir,
    profile,
    log,
    signal: stopping.signal,
  }
  const certify = async (held: Engine, again: boolean) => {
    let isHeld = true
    const beforeSecondProcess = async () => {
      // A GPU may have no room for the model twice.
      if (device === 'cpu') return
      await held.close()
      isHeld = false
    }
    const certificate = await certifyClass(certifying, {
      again,
      session: held,
      beforeSecondProcess,
    })
    return { certificate, session: isHeld ? held : await open() }
  }
  try {
    const { certificate, session } = await certify(found, options['gpu.recertify'])
    const temporal = await connectTemporal(options, log)
    const certifyAgain = (held: Engine) => certify(held, true)
    const openFresh = kept === null ? open : () => kept.take()
    const deps = { db, temporal, queue, openFresh, certifyAgain, log }
    const tasks = new GpuTasks(deps, session, certificate)
    const run = tasks.run()
    health.watchTemporal(temporal, tasks, [queue])
    health.watchClass(tasks)
    return asRunning(
      async () => {
        stopping.abort()
        tasks.stop()
        await run.catch(() => undefined)
        await temporal.close()
        await claim.leave().catch(() => undefined)
        await Promise.allSettled([db.close(), tasks.close(), kept?.close()])
      },
      Promise.race([run.then(() => new Promise<never>(() => {})), claim.lost]),
    )
  } catch (error) {
    await claim.leave().catch(() => undefined)
    throw error
  }
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
