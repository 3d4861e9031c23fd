import { createHash } from 'node:crypto'
import type { Generated, GenerationHooks } from '../../engine/pipeline/generator.js'
import { fromHex, toHex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import { FAKE_CLASS, FakeGenerator } from '../prover/fake-generator.js'

/** `noise`: a bit of some bytes differs, as from a class that is not exact; `another`: another video. */
export type Course = 'honest' | 'noise' | 'another'

/** A determinism class of the fake engine that no other test has. */
export function classNamed(name: string): string {
  return FAKE_CLASS.replace('cd'.repeat(32), createHash('sha256').update(name).digest('hex'))
}

/** The GPU stand-in in a class of its own, honest or not. */
export class StandIn extends FakeGenerator {
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
}
