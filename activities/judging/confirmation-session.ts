import type { Engine } from '../../engine/engine.js'
import type { GpuDeps } from '../gpu-deps.js'

/**
 * The fresh session of one task: opened when the first answer must be computed a second time, and closed with
 * the task, so that it shares nothing with the session that computed the ground truths.
 */
export class ConfirmationSession {
  readonly #deps: Pick<GpuDeps, 'generator' | 'openFresh'>
  #opened: Promise<Engine> | null = null

  constructor(deps: Pick<GpuDeps, 'generator' | 'openFresh'>) {
    this.#deps = deps
  }

  open(): Promise<Engine> {
    this.#opened ??= this.#deps.openFresh()
    return this.#opened
  }

  /** Whether the known answers came out right when this session was opened. */
  async knownAnswersHold(): Promise<boolean> {
    const { determinismClass } = await this.open()
    return determinismClass === this.#deps.generator.determinismClass
  }

  async close(): Promise<void> {
    const generator = await this.#opened?.catch(() => null)
    await generator?.close()
  }
}
