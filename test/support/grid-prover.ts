import { setTimeout as sleep } from 'node:timers/promises'
import type { Signer } from '../../base/sr25519.js'
import { USUAL_CAPS } from '../../engine/model/sizes.js'
import type { Generated, GenerationHooks } from '../../engine/pipeline/generator.js'
import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import type { RunningProver } from '../../prover/prover.js'
import { CAPACITY_PER_GPU } from '../../rules/constants.js'
import { FakeGenerator } from '../prover/fake-generator.js'
import { GRID_MODEL, type GridVideo } from './model-folder.js'
import { startTestProver } from './test-prover.js'

export interface GridProverSetting {
  readonly signer: Signer
  /** A folder of its own. */
  readonly keepDir: string
  readonly gpus: number
  readonly genesisHash: Hex
  readonly netuid: number
  readonly video: GridVideo
  readonly stepMs: number
}

/** Generates by the rules of the fake, at the speed and with the mishaps that its test wants. */
export class GridGenerator extends FakeGenerator {
  override readonly descriptor
  /** Milliseconds before each step. */
  stepMs: number
  /** Every generation fails, as a crash of its engine would let it. */
  broken = false
  /** Says "step 0" before it has done anything. */
  hasty = false
  /** Steps begun, of all generations together. */
  steps = 0
  #held: { at: number; until: Promise<void>; release(): void } | null = null

  constructor(video: GridVideo, stepMs: number) {
    super({ beforeStep: (step) => this.#before(step) })
    const { steps, frames, width, height, fps } = video
    const standard = { steps, frames, width, height, fps }
    this.descriptor = {
      ...{ name: GRID_MODEL, guidanceMilli: 3000, ...standard },
      ...{ grid: { sizeMultiple: 8, framesEvery: 1 }, caps: USUAL_CAPS, knownAnswers: null },
    }
    this.stepMs = stepMs
  }

  /**
   * Lets nothing pass a step (0: before the first; its request is accepted and shows no progress) until
   * `release` is called. Lets go of what was held before.
   */
  hold(at = 0): { release(): void } {
    this.letGo()
    let resolved = () => {}
    const until = new Promise<void>((resolve) => {
      resolved = resolve
    })
    const held = { at, until, release: resolved }
    this.#held = held
    return {
      release: () => {
        if (this.#held === held) this.#held = null
        held.release()
      },
    }
  }

  /** Lets pass whatever is held: for the end of a test that failed before it did so itself. */
  letGo(): void {
    this.#held?.release()
    this.#held = null
  }

  override generate(params: GenerationParams, hooks: GenerationHooks = {}): Promise<Generated> {
    if (this.hasty) hooks.onProgress?.(0, params.steps)
    return super.generate(params, hooks)
  }

  async #before(step: number): Promise<void> {
    this.steps += 1
    await sleep(this.stepMs)
    if (this.#held?.at === step) await this.#held.until
    if (this.broken) throw new Error('this engine is broken')
  }
}

/** A real prover node with a generator that its test controls. */
export class GridProver {
  private constructor(
    readonly signer: Signer,
    readonly generator: GridGenerator,
    readonly gpus: number,
    readonly node: RunningProver,
    private readonly clock: { aheadMs: number },
  ) {}

  /** Sets its clock, against the true time. */
  set clockAheadMs(ms: number) {
    this.clock.aheadMs = ms
  }

  static async start(setting: GridProverSetting): Promise<GridProver> {
    const { signer, gpus, genesisHash, netuid, keepDir } = setting
    const generator = new GridGenerator(setting.video, setting.stepMs)
    const clock = { aheadMs: 0 }
    const node = await startTestProver({
      engines: new Array(gpus).fill(generator),
      ...{ signer, genesisHash, netuid, keepDir },
      now: () => Date.now() + clock.aheadMs,
    })
    return new GridProver(signer, generator, gpus, node, clock)
  }

  get capacity(): number {
    return CAPACITY_PER_GPU * this.gpus
  }

  get hotkey(): string {
    return this.signer.ss58
  }

  /** As a stopped process: nobody listens at its address any more. */
  stop(): Promise<void> {
    this.generator.letGo()
    return this.node.close()
  }
}
