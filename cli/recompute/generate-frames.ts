import type { Engine } from '../../engine/engine.js'
import type { Generated } from '../../engine/pipeline/generator.js'
import type { GenerationParams } from '../../formats/generation.js'
import { ProgressBar } from '../progress-bar.js'

/** Generates a whole video, with a bar where there is a terminal. @throws EngineError */
export async function generateFrames(
  engine: Engine,
  params: GenerationParams,
  signal: AbortSignal,
): Promise<{ made: Generated; frames: Uint8Array[] }> {
  const frames: Uint8Array[] = []
  const bar = new ProgressBar()
  try {
    const made = await engine.generate(params, {
      signal,
      onProgress: (step, steps) => bar.show('denoising', step, steps),
      onFrame: (index, rgb) => {
        frames[index - 1] = rgb
        bar.show('decoding ', index, params.frames)
      },
    })
    return { made, frames }
  } finally {
    bar.clear()
  }
}
