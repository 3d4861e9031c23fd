import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'

const SCRIPT = fileURLToPath(new URL('./torch_video.py', import.meta.url))

const lineSchema = z.union([
  z.object({
    precision: z.string(),
    first_s: z.number(),
    video_s: z.number(),
    peak_mib: z.number().nullable(),
  }),
  z.object({ precision: z.string(), failed: z.string() }),
])
export type TorchFigures = z.output<typeof lineSchema>

/** The same standard video by torch and diffusers, in each precision that the device has. */
export async function measureTorch(options: {
  python: string
  /** A folder of diffusers. */
  source: string
  /** Whose fractal.json says what the standard video is. */
  modelDir: string
  runs: number
  device: string
}): Promise<TorchFigures[]> {
  const { python, source, modelDir, runs, device } = options
  const args = [SCRIPT, source, `${modelDir}/fractal.json`, String(runs), device]
  try {
    const { stdout } = await promisify(execFile)(python, args, { maxBuffer: 2 ** 24 })
    return stdout
      .trim()
      .split('\n')
      .map((line) => lineSchema.parse(JSON.parse(line)))
  } catch (error) {
    return [{ precision: 'all', failed: messageOf(error).trim().split('\n').at(-1) ?? 'failed' }]
  }
}
