import type { Engine } from '../../engine/engine.js'

/** How long an unused session is kept open: in the middle of an interval more cheats may follow. */
const KEEP_MS = 60_000

/**
 * Opens the session for second computations, and keeps it open for a while after its use: on a CPU, opening
 * one costs more than what it is opened for. Its known answers are computed anew for each use.
 */
export class KeptSession {
  readonly #open: () => Promise<Engine>
  readonly #keepMs: number
  #kept: Engine | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(open: () => Promise<Engine>, keepMs = KEEP_MS) {
    this.#open = open
    this.#keepMs = keepMs
  }

  /** One at a time. `close` of what it returns gives it back. @throws EngineError */
  async take(): Promise<Engine> {
    clearTimeout(this.#timer)
    const kept = this.#kept
    this.#kept = null
    if (kept === null) return this.#lend(await this.#open(), null)
    try {
      return this.#lend(kept, await kept.classNow())
    } catch {
      // It is of no use any more: as if there had been none.
      await kept.close().catch(() => undefined)
      return this.#lend(await this.#open(), null)
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const kept = this.#kept
    this.#kept = null
    await kept?.close()
  }

  /** @param classNow as its known answers come out; null for one that was opened just now */
  #lend(engine: Engine, classNow: string | null): Engine {
    return {
      modelRoot: engine.modelRoot,
      determinismClass: classNow ?? engine.determinismClass,
      software: engine.software,
      descriptor: engine.descriptor,
      device: engine.device,
      instance: engine.instance,
      generate: (params, hooks) => engine.generate(params, hooks),
      classNow: (hooks) => engine.classNow(hooks),
      recomputeStep: (params, opened, hooks) => engine.recomputeStep(params, opened, hooks),
      stateSize: (params, i) => engine.stateSize(params, i),
      close: async () => {
        this.#kept = engine
        this.#timer = setTimeout(() => void this.close().catch(() => undefined), this.#keepMs)
        this.#timer.unref()
      },
    }
  }
}
