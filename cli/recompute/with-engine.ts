import { resolveOptions } from '../../base/options/options.js'
import { type Engine, openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { environmentOver } from '../environment.js'

/**
 * Runs something with the engine of this machine, which Ctrl-C ends too.
 * @throws EngineError
 */
export async function withEngine<T>(
  given: Readonly<Record<string, unknown>>,
  run: (engine: Engine, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // On the command line the processor is the default: this also runs on laptops.
  const { device, 'model.dir': modelDir } = resolveOptions(
    ['device', 'model.dir'],
    { device: given.device, 'model.dir': given['model.dir'] },
    environmentOver({ FRACTAL_DEVICE: 'cpu' }),
  )
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  const engine = await openEngine({ modelDir: modelDir ?? defaultModelDir(), device })
  try {
    return await run(engine, stop.signal)
  } finally {
    process.off('SIGINT', interrupt)
    await engine.close()
  }
}
