import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { limitsOf, type VideoLimits } from '../api/videos/create/limits.js'
import { messageOf } from '../base/errors.js'
import { EngineError } from '../engine/errors.js'
import { parseDescriptor } from '../engine/model/descriptor.js'
import { parseModelJson } from '../engine/model/model-json.js'
import {
  MAX_FPS,
  MAX_FRAMES,
  MAX_GUIDANCE_MILLI,
  MAX_PIXELS,
  MAX_SIDE,
  MAX_STEPS,
  MAX_WORK,
} from '../engine/pipeline/params.js'
import type { ModelStandard } from '../formats/video-shape.js'

const vaeSchema = z.looseObject({ block_out_channels: z.array(z.int()).min(1).max(8) })

/**
 * What requests are validated against: the standard form of the model's videos, and limits that follow
 * from it. Reads two small files of the folder, so that an API needs no copy of the model itself.
 * @throws EngineError `model_invalid`
 */
export async function readVideoStandard(
  modelDir: string,
): Promise<{ model: ModelStandard; limits: VideoLimits }> {
  const model = parseDescriptor(await readJson(modelDir, 'fractal.json'))
  const vae = vaeSchema.safeParse(await readJson(modelDir, 'vae_decoder/config.json'))
  if (!vae.success) {
    throw new EngineError('model_invalid', 'vae_decoder/config.json has no block_out_channels.')
  }
  return {
    model,
    limits: limitsOf(model, {
      maxSteps: MAX_STEPS,
      maxGuidanceMilli: MAX_GUIDANCE_MILLI,
      maxFrames: MAX_FRAMES,
      maxSide: MAX_SIDE,
      maxPixels: MAX_PIXELS,
      maxWork: MAX_WORK,
      maxFps: MAX_FPS,
      // Each level of the decoder but the first doubles the picture.
      sizeMultiple: 2 ** (vae.data.block_out_channels.length - 1),
    }),
  }
}

async function readJson(modelDir: string, file: string): Promise<unknown> {
  try {
    return parseModelJson(file, await readFile(path.join(modelDir, file)))
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    throw new EngineError('model_invalid', `${file} of ${modelDir}: ${messageOf(cause)}.`, {
      hint: 'Give --model.dir the folder of the model that the provers run.',
      cause,
    })
  }
}
