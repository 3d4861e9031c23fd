import { Mutex } from '../../base/concurrency/semaphore.js'
import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { DATABASE_OPTIONS, TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import type { Options } from '../../base/options/options.js'
import type { Engine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { parseDeterminismClass } from '../../formats/determinism-class.js'
import { openDatabase } from '../../ledger/database.js'
import type { CertificateRow } from '../../ledger/judging/certificates.js'
import { migrate } from '../../ledger/schema/migrate.js'
import { assertAlike } from '../../prover/engines/prover-engine.js'
import { connectTemporal } from '../../temporal/connection.js'
import { gpuQueue } from '../../temporal/task-queues.js'
import { type CertifyClassDeps, certifyClass } from '../gpu/certify-class.js'
import { type GpuLane, type LaneSession, localLane, serverLanes } from '../gpu/gpu-lane.js'
import { GpuLanes } from '../gpu/gpu-lanes.js'
import { takeGpuQueue } from '../gpu/gpu-queue-claim.js'
import { GpuTasks } from '../gpu/gpu-tasks.js'
import { HEALTH_OPTIONS, type RoleHealth, withHealth } from '../health/role-health.js'
import { NAMED_PROFILE_OPTIONS, namedProfile } from '../mechanism-profile.js'
import { modelEndpoints } from '../model-endpoints.js'
import { asRunning, type Running } from '../running.js'

export const GPU_OPTIONS = [
  'device',
  'gpu.class',
  'model.dir',
  'neuron.model_endpoint',
  'gpu.recertify',
  ...NAMED_PROFILE_OPTIONS,
  ...DATABASE_OPTIONS,
  ...TEMPORAL_OPTIONS,
  ...HEALTH_OPTIONS,
] as const

type GpuOptions = Options<(typeof GPU_OPTIONS)[number]>

/**
 * Starts a GPU worker: it loads the model, or connects to the model servers that are named, refuses a GPU of
 * another class, certifies its determinism class, then takes one task at a time for each engine from the
 * queue of that class. A class that loses its exactness is certified again between two tasks. It holds no
 * key.
 * @throws FractalError `wrong_gpu`, `queue_of_other_class`, `workers_differ`, and the engine's
 */
export function runGpuWorker(options: GpuOptions, log: Log): Promise<Running> {
  return withHealth('gpu-worker', options, log, (health) => startGpuWorker(options, log, health))
}

async function startGpuWorker(options: GpuOptions, log: Log, health: RoleHealth): Promise<Running> {
  const profile = namedProfile(options)
  const modelDir = options['model.dir'] ?? defaultModelDir()
  const endpoints = modelEndpoints(options['neuron.model_endpoint'])
  const lanes =
    endpoints === undefined ? [localLane(modelDir, options.device)] : serverLanes(endpoints)
  const sessions = await openAll(lanes)
  const { determinismClass, device } = sessions[0]!.engine
  assertGpuClass(sessions[0]!.engine, options['gpu.class'])
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
  const { signal } = stopping
  const certify = certifierOf({ db, determinismClass, device, modelDir, profile, log, signal })
  try {
    const first = await certify(lanes[0]!, sessions[0]!, options['gpu.recertify'])
    const { certificate } = first
    // Temporal takes one worker of a queue per connection.
    const links = await Promise.all(lanes.map(() => connectTemporal(options, log)))
    const tasks = new GpuLanes(
      lanes.map((lane, i) => {
        const certifyAgain = (held: LaneSession) => certify(lane, held, false)
        const session = i === 0 ? first.session : sessions[i]!
        const deps = { db, temporal: links[i]!, queue, lane, certifyAgain, log }
        return new GpuTasks(deps, session, certificate)
      }),
    )
    const run = tasks.run()
    health.watchTemporal(links[0]!, tasks, [queue])
    health.watchClass(tasks)
    return asRunning(
      async () => {
        stopping.abort()
        tasks.stop()
        await run.catch(() => undefined)
        await Promise.allSettled(links.map((temporal) => temporal.close()))
        await claim.leave().catch(() => undefined)
        const closed = lanes.map((lane) => lane.close())
        await Promise.allSettled([db.close(), tasks.close(), ...closed])
      },
      Promise.race([run.then(() => new Promise<never>(() => {})), claim.lost]),
    )
  } catch (error) {
    await claim.leave().catch(() => undefined)
    throw error
  }
}

/** Their engines, which are of one class. @throws FractalError `workers_differ`, and the engine's */
async function openAll(lanes: readonly GpuLane[]): Promise<LaneSession[]> {
  const opening = await Promise.allSettled(lanes.map((lane) => lane.open()))
  const sessions = opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const [failed] = opening.filter((one) => one.status === 'rejected')
  try {
    if (failed !== undefined) throw failed.reason
    assertAlike(sessions.map(({ engine }) => engine))
    return sessions
  } catch (error) {
    await Promise.allSettled(sessions.map(({ engine }) => engine.close()))
    throw error
  }
}

/** Certifies in one lane at a time: a second one then finds the certificate that the first one made. */
function certifierOf(deps: CertifyClassDeps) {
  const mutex = new Mutex()
  const certify = async (
    lane: GpuLane,
    held: LaneSession,
    again: boolean,
  ): Promise<{ certificate: CertificateRow; session: LaneSession }> => {
    let isHeld = true
    const { openOther } = lane
    const beforeSecondProcess = async () => {
      // A GPU may have no room for the model twice.
      if (openOther !== null || deps.device === 'cpu') return
      await held.engine.close()
      isHeld = false
    }
    const certificate = await certifyClass(deps, {
      again,
      session: held.engine,
      beforeSecondProcess,
      ...(openOther !== null && { openSecond: () => openOther(held.engine) }),
    })
    return { certificate, session: isHeld ? held : await lane.open() }
  }
  return (lane: GpuLane, held: LaneSession, again: boolean) =>
    mutex.run(() => certify(lane, held, again))
}

/**
 * The determinism class names the GPU (`device=NVIDIA-GeForce-RTX-3090`): the queue's class must be in it.
 */
function assertGpuClass(engine: Engine, gpuClass: string): void {
  if (engine.device === 'cpu') return
  const gpu = parseDeterminismClass(engine.determinismClass)!.device
  if (gpu.split(/[^A-Za-z0-9]+/).includes(gpuClass)) return
  throw new FractalError('wrong_gpu', `this GPU is ${gpu}, not of the class ${gpuClass}`, {
    hint: 'Run the GPU worker on a machine of that class; others prove nothing about its provers.',
  })
}
