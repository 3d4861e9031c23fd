import type { Generated, GenerationHooks, Generator } from '../../engine/pipeline/generator.js'
import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'

/** What a villain made of a request, and whether it made it as it was asked to. */
export interface VillainAnswer {
  readonly generated: Generated
  readonly cheated: boolean
}

/** How a villain generates. */
export interface Cheater {
  generate(params: GenerationParams, hooks: GenerationHooks): Promise<VillainAnswer>
  /** Frees what it holds besides the honest engine. */
  close?(): Promise<void>
}

/** A prover that cheats, by what it does in place of its engine. */
export type Villain = (honest: Generator, modelDir: string) => Cheater

/**
 * A generator that claims to be the honest engine.
 * @param onCheat is told the trace root of each answer that is none of the honest engine's, before it is
 * signed
 */
export function pretend(
  honest: Generator,
  cheater: Cheater,
  onCheat: (traceRoot: Hex) => Promise<void>,
): Generator {
  return {
    modelRoot: honest.modelRoot,
    determinismClass: honest.determinismClass,
    software: honest.software,
    descriptor: honest.descriptor,
    device: honest.device,
    generate: async (params, hooks = {}) => {
      const { generated, cheated } = await cheater.generate(params, hooks)
      if (cheated) await onCheat(generated.traceRoot)
      return generated
    },
    classNow: (hooks) => honest.classNow(hooks),
    close: async () => {
      await Promise.all([cheater.close?.(), honest.close()])
    },
  }
}
