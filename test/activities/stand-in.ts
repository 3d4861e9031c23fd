import { createHash, randomUUID } from 'node:crypto'
import type { Generated, GenerationHooks, StepRecomputer } from '../../engine/pipeline/generator.js'
import type { OpenedStep, RecomputedStep } from '../../engine/pipeline/recompute-step.js'
import { joinState } from '../../engine/pipeline/states.js'
import { fromHex, toHex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import { FAKE_CLASS, FakeGenerator, fakeStateSize } from '../prover/fake-generator.js'

/**
 * `noise`: a bit of some bytes differs, as from a class that is not exact; `another`: another video;
 * `invented`: the right frames, and a trace that was made up, with states to match; `not a number`: the
 * same, of states without a number; `swapped`: opens other states than it signed.
 */
export type Course = 'honest' | 'noise' | 'another' | 'invented' | 'not a number' | 'swapped'

/** A determinism class of the fake engine that no other test has. */
export function classNamed(name: string): string {
  return FAKE_CLASS.replace('cd'.repeat(32), createHash('sha256').update(name).digest('hex'))
}

/**
 * The GPU stand-in in a class of its own, honest or not. Its states follow from the request alone; a step
 * computed again gives the next of them, if the state before is the one that comes before.
 */
export class StandIn extends FakeGenerator implements StepRecomputer {
  readonly instance = randomUUID()

  constructor(
    override readonly determinismClass: string,
    readonly course: Course = 'honest',
  ) {
    super()
  }

  override async generate(
    params: GenerationParams,
    hooks: GenerationHooks = {},
  ): Promise<Generated> {
    if (this.course === 'honest') return super.generate(params, hooks)
    if (this.course === 'another') {
      return super.generate({ ...params, prompt: `${params.prompt}, no` }, hooks)
    }
    if (this.course !== 'noise') return this.#invent(params, hooks)
    const digests: Uint8Array[] = []
    const made = await super.generate(params, {
      ...hooks,
      onFrame: async (index, rgb) => {
        const changed = rgb.map((byte, i) => (i % 7 === 0 ? byte ^ 1 : byte))
        digests.push(createHash('sha256').update(changed).digest())
        await hooks.onFrame?.(index, changed)
      },
    })
    return {
      ...made,
      frameDigests: digests.map(toHex),
      framesSha256: framesSha256(params, digests),
      traceRoot: traceRoot(made.stepDigests.map(fromHex), digests),
    }
  }

  /** All but the first and the last state are invented. */
  async #invent(params: GenerationParams, hooks: GenerationHooks): Promise<Generated> {
    const signed: Uint8Array[] = []
    const made = await super.generate(params, {
      ...hooks,
      onState: async (i, state) => {
        const inner = i > 0 && i < params.steps
        const made = (array: Float32Array) =>
          inner ? array.map((v) => (this.course === 'not a number' ? Number.NaN : v + 1)) : array
        const invented = state.map(made)
        signed.push(digestOf(joinState(invented).state))
        await hooks.onState?.(i, this.course === 'swapped' ? state : invented)
      },
    })
    return {
      ...made,
      stepDigests: signed.map(toHex),
      traceRoot: traceRoot(signed, made.frameDigests.map(fromHex)),
    }
  }

  stateSize(params: GenerationParams, i: number): number {
    return fakeStateSize(params, i)
  }

  async recomputeStep(params: GenerationParams, opened: OpenedStep): Promise<RecomputedStep> {
    const states = new Map<number, Float32Array>()
    const frames: Uint8Array[] = []
    const made = await this.generate(params, {
      onFrame: (_, rgb) => void frames.push(rgb),
      onState: (i, state) => {
        states.set(i, joinState(state).state)
      },
    })
    const follows = digestOf(opened.before).equals(digestOf(states.get(opened.step - 1)!))
    const state = follows ? states.get(opened.step)! : opened.before.map((value) => value / 2)
    return {
      initialDigest: made.stepDigests[0]!,
      stateDigest: toHex(digestOf(state)),
      state,
      frameDigest: made.frameDigests[opened.frame - 1]!,
      noiseScale: 1,
      rgb: frames[opened.frame - 1]!,
      elapsedUs: 1,
    }
  }
}

function digestOf(state: Float32Array): Buffer {
  const bytes = new Uint8Array(state.buffer, state.byteOffset, state.byteLength)
  return createHash('sha256').update(bytes).digest()
}
