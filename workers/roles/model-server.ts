import type { Log } from '../../base/log.js'
import { assertCanListen, closeServer, listen } from '../../base/net/http-listener.js'
import type { Options } from '../../base/options/options.js'
import { ownVersion } from '../../base/version.js'
import { visibleGpus } from '../../engine/class/selected-gpu.js'
import { EngineError } from '../../engine/errors.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { openEngineProcess } from '../../engine/process/open-engine-process.js'
import { createEngineServer } from '../../engine/server/engine-server.js'
import { assertAlike } from '../../prover/engines/prover-engine.js'
import { asRunning, type Running } from '../running.js'

export const MODEL_SERVER_OPTIONS = [
  'device',
  'model.dir',
  'gpu.count',
  'model_server.host',
  'model_server.port',
] as const

const LISTENER = { what: 'the model server', remedy: 'choose another with --model_server.port' }

/**
 * Starts a model server: loads the model once for each GPU, and lets provers generate with it. It ends when
 * one of its processes ends: whoever supervises it starts it again, and its provers connect again by
 * themselves.
 * @throws EngineError what opening a model throws; FractalError `workers_differ`, `port_taken`
 */
export async function runModelServer(
  options: Options<(typeof MODEL_SERVER_OPTIONS)[number]>,
  log: Log,
): Promise<Running> {
  const { device, 'gpu.count': count } = options
  const address = { host: options['model_server.host'], port: options['model_server.port'] }
  // Before the model is loaded, which takes a while.
  await assertCanListen(address, LISTENER)
  const modelDir = options['model.dir'] ?? defaultModelDir()
  const gpus = device === 'cuda' ? await visibleGpus(count) : []
  let isStopping = false
  let fail: (error: Error) => void = () => {}
  const lost = new Promise<never>((_, reject) => {
    fail = reject
  })
  // Until it is waited for: opening says by itself why a process ended.
  lost.catch(() => {})
  const onEnd = () => {
    if (!isStopping) fail(new EngineError('engine_failed', 'A GPU’s process has ended.'))
  }
  const opened = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      openEngineProcess({ modelDir, device, gpu: gpus[i], onEnd }),
    ),
  )
  const engines = opened.map(({ engine }) => engine)
  const stop = async () => {
    isStopping = true
    await Promise.allSettled(engines.map((engine) => engine.close()))
  }
  try {
    assertAlike(engines)
    const { server, endSessions } = createEngineServer(engines, ownVersion())
    const { port } = await listen(server, address, LISTENER)
    log.info(
      { port, gpus: count, root: engines[0]!.modelRoot.slice(0, 12) },
      'the model server serves',
    )
    return asRunning(async () => {
      isStopping = true
      const closed = closeServer(server, { graceMs: 0 })
      endSessions()
      await closed
      await stop()
    }, lost)
  } catch (error) {
    await stop()
    throw error
  }
}
