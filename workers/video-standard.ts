import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { limitsOf, type VideoLimits } from '../api/videos/create/limits.js'
import { messageOf } from '../base/errors.js'
import { EngineError } from '../engine/errors.js'
import { readDescriptor } from '../engine/model/model-config.js'
import { MAX_FPS, MAX_GUIDANCE_MILLI, MAX_STEPS } from '../engine/pipeline/params.js'
import type { ModelStandard } from '../formats/video-shape.js'

const FILES = ['model_index.json', 'fractal.json', 'vae_decoder/config.json']

/**
 * What requests are validated against: the standard form of the model's videos, and limits that follow
 * from it. Reads three small files of the folder, so that an API needs no copy of the model itself.
 * @throws EngineError `model_invalid`, `unsupported_model`
 */
export async function readVideoStandard(
  modelDir: string,
): Promise<{ model: ModelStandard; limits: VideoLimits }> {
  const bytes = new Map<string, Uint8Array>()
  for (const file of FILES) bytes.set(file, await readOf(modelDir, file))
  const { grid, caps, ...model } = readDescriptor({ dir: modelDir, bytes })
  return {
    model,
    limits: limitsOf(model, {
      ...grid,
      maxSteps: MAX_STEPS,
      maxGuidanceMilli: MAX_GUIDANCE_MILLI,
      maxFrames: caps.frames,
      maxSide: caps.side,
      maxPixels: caps.pixels,
      maxWork: caps.work,
      maxFps: MAX_FPS,
    }),
  }
}

async function readOf(modelDir: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(path.join(modelDir, file))
  } catch (cause) {
    throw new EngineError('model_invalid', `${file} of ${modelDir}: ${messageOf(cause)}.`, {
      hint: 'Give --model.dir the folder of the model that the provers run.',
      cause,
    })
  }
}
