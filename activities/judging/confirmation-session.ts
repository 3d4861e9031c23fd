import type { Engine } from '../../engine/engine.js'
import type { GpuDeps } from '../gpu-deps.js'

/**
 * The fresh session of one task: opened when the first answer has to be computed a second time, and
 * closed with the task, so that it shares nothing with the session that computed the ground truths.
 */
export class ConfirmationSession {
  readonly #deps: Pick<GpuDeps, 'openFresh' | 'knownAnswerHolds'>
  #opened: Promise<Engine> | null = null
  #known: Promise<boolean> | null = null

  constructor(deps: Pick<GpuDeps, 'openFresh' | 'knownAnswerHolds'>) {
    this.#deps = deps
  }

  open(): Promise<Engine> {
    this.#opened ??= this.#deps.openFresh()
    return this.#opened
  }

  /** Whether a known answer comes out right in this session; computed once. */
  knownAnswerHolds(): Promise<boolean> {
    this.#known ??= this.open().then((generator) => this.#deps.knownAnswerHolds(generator))
    return this.#known
  }

  async close(): Promise<void> {
    const generator = await this.#opened?.catch(() => null)
    await generator?.close()
  }
}
