import { setTimeout as wait } from 'node:timers/promises'
import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { EngineError } from '../../engine/errors.js'
import type { ModelDescriptor } from '../../engine/model/descriptor.js'
import type {
  Device,
  Generated,
  GenerationHooks,
  Generator,
} from '../../engine/pipeline/generator.js'
import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import type { ProverEngine } from './prover-engine.js'

/** Pause before the first restart of a process; each further one waits twice as long. */
const FIRST_PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000

/** Starts a process with the model. @param onEnd called when it has ended, before its work fails */
type OpenWorker = (onEnd: () => void) => Promise<{ engine: Generator; pid: number }>

interface WorkerOptions {
  /** From 1, for logs. */
  worker: number
  open: OpenWorker
  log: Log
  /** Milliseconds; for tests. */
  firstPauseMs?: number | undefined
}

/**
 * An engine in its own process, one per GPU. If the process ends, its current work fails (the caller may ask
 * again) and it is restarted; until then the queue gives it nothing.
 */
export class EngineWorker implements ProverEngine {
  readonly modelRoot: Hex
  readonly determinismClass: string
  readonly descriptor: ModelDescriptor | null
  readonly device: Device
  /** Of the current process; null while there is none. */
  pid: number | null
  private engine: Generator
  private readonly listeners: (() => void)[] = []
  private readonly stop = new AbortController()
  private restarting: Promise<void> | null = null

  private constructor(
    private readonly options: WorkerOptions,
    { engine, pid }: { engine: Generator; pid: number },
  ) {
    this.engine = engine
    this.pid = pid
    this.modelRoot = engine.modelRoot
    this.determinismClass = engine.determinismClass
    this.descriptor = engine.descriptor
    this.device = engine.device
    options.log.info({ worker: options.worker, pid }, 'a GPU’s worker is ready')
  }

  /** @throws EngineError if the first start of the process fails */
  static async start(options: WorkerOptions): Promise<EngineWorker> {
    let worker: EngineWorker | null = null
    const opened = await openLiving(options.open, () => worker?.ended())
    worker = new EngineWorker(options, opened)
    return worker
  }

  get isLost(): boolean {
    return this.pid === null
  }

  get software(): Readonly<Record<string, string>> {
    return this.engine.software
  }

  onRestored(listener: () => void): void {
    this.listeners.push(listener)
  }

  generate(params: GenerationParams, hooks?: GenerationHooks): Promise<Generated> {
    return this.engine.generate(params, hooks)
  }

  classNow(hooks?: Pick<GenerationHooks, 'signal'>): Promise<string> {
    return this.engine.classNow(hooks)
  }

  async close(): Promise<void> {
    this.stop.abort()
    await this.restarting
    if (this.pid !== null) await this.engine.close()
  }

  private ended(): void {
    if (this.stop.signal.aborted || this.pid === null) return
    const { worker, log } = this.options
    log.error({ worker, pid: this.pid }, 'a GPU’s worker has ended: it is being restarted')
    this.pid = null
    this.restarting = this.restart().finally(() => {
      this.restarting = null
    })
  }

  private async restart(): Promise<void> {
    const { worker, log, firstPauseMs = FIRST_PAUSE_MS } = this.options
    const { signal } = this.stop
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      await wait(pauseMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      const opened = await this.open().catch((error) => {
        log.error({ worker, reason: messageOf(error) }, 'a GPU’s worker does not start')
        return null
      })
      if (opened === null) continue
      this.engine = opened.engine
      this.pid = opened.pid
      log.info({ worker, pid: opened.pid }, 'a GPU’s worker is ready again')
      for (const listener of this.listeners) listener()
      return
    }
  }

  /** @throws EngineError also if the engine computes different bytes than before */
  private async open(): Promise<{ engine: Generator; pid: number }> {
    const opened = await openLiving(this.options.open, () => this.ended())
    const { engine } = opened
    const isSame =
      engine.determinismClass === this.determinismClass && engine.modelRoot === this.modelRoot
    if (isSame) return opened
    await engine.close()
    throw new EngineError(
      'engine_failed',
      `Its class changed from ${this.determinismClass} to ${engine.determinismClass}.`,
      {
        hint: 'Look for overheating, overclocking or faulty memory; a changed model needs a restart.',
      },
    )
  }
}

/** The process may end while its opened engine is still being passed to us. */
async function openLiving(open: OpenWorker, onEnd: () => void) {
  let hasEnded = false
  const opened = await open(() => {
    hasEnded = true
    onEnd()
  })
  if (!hasEnded) return opened
  throw new EngineError('engine_failed', "The engine's process ended as soon as it was ready.", {
    hint: 'Check the free memory.',
  })
}
