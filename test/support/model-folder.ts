import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A model's standard video. */
export interface GridVideo {
  readonly steps: number
  readonly frames: number
  /** Pixels, a multiple of 8. */
  readonly width: number
  readonly height: number
  readonly fps: number
}

/** As little as an MP4 can be made of. */
export const SMALL_VIDEO: GridVideo = { steps: 3, frames: 2, width: 16, height: 16, fps: 8 }

/** The name of the model of a small grid. */
export const GRID_MODEL = 'fractal-test-1'

/** As much of a model's folder as an API reads. */
export async function writeModelFolder(folder: string, video: GridVideo): Promise<void> {
  const descriptor = {
    name: GRID_MODEL,
    num_inference_steps: video.steps,
    guidance_scale: 3,
    num_frames: video.frames,
    width: video.width,
    height: video.height,
    fps: video.fps,
    denoiser_batch: 2,
    decode_unit: 'frame',
  }
  await mkdir(join(folder, 'vae_decoder'), { recursive: true })
  await writeFile(join(folder, 'fractal.json'), JSON.stringify(descriptor))
  const index = { _class_name: 'TextToVideoSDPipeline' }
  await writeFile(join(folder, 'model_index.json'), JSON.stringify(index))
  const decoder = { block_out_channels: [8, 8, 8, 8] }
  await writeFile(join(folder, 'vae_decoder', 'config.json'), JSON.stringify(decoder))
}
