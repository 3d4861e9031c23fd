import { Mutex } from '../../base/concurrency/semaphore.js'
import type { Generated, GenerationHooks } from '../../engine/pipeline/generator.js'
import type { Pipeline } from '../../engine/pipeline/pipeline.js'
import type { GenerationParams } from '../../formats/generation.js'

/**
 * A pipeline of a villain's own beside the engine, in the thread that calls it; opened at the first request.
 */
export class OwnPipeline {
  readonly #open: () => Promise<Pipeline>
  readonly #mutex = new Mutex()
  #opened: Promise<Pipeline> | null = null

  constructor(open: () => Promise<Pipeline>) {
    this.#open = open
  }

  generate(params: GenerationParams, hooks: GenerationHooks): Promise<Generated> {
    return this.#mutex.run(async () => {
      this.#opened ??= this.#open()
      return (await this.#opened).generate(params, hooks)
    }, hooks.signal)
  }

  async close(): Promise<void> {
    await this.#mutex.run(async () => {
      await (await this.#opened)?.release()
    })
  }
}
