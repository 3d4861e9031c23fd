import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
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
    /** To the engine's video; null where they are equal. */
    psnr_db: z.number().nullable().optional(),
    /** The share of values that are off by more than 8 of 255. */
    far_off: z.number().optional(),
    others: z.array(z.object({ shape: z.record(z.string(), z.number()), first_s: z.number() })),
  }),
  z.object({ precision: z.string(), failed: z.string() }),
])
export type TorchFigures = z.output<typeof lineSchema>

/** The same standard video by torch and diffusers, in each precision that the device has. */
export async function measureTorch(options: {
  python: string
  /** A folder of diffusers, or what torch_video.py takes in its place. */
  source: string
  /** Whose fractal.json says what the standard video is. */
  modelDir: string
  runs: number
  device: string
  /** By commas: fp16, fp32, tf32. */
  precisions: string
  others: readonly object[]
  /** The engine's standard video, as RGB bytes. */
  frames: Uint8Array
}): Promise<TorchFigures[]> {
  const { python, source, modelDir, runs, device, precisions, others, frames } = options
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-bench-'))
  const [file, descriptor] = [path.join(folder, 'frames'), path.join(modelDir, 'fractal.json')]
  const form = [descriptor, String(runs), device, precisions, JSON.stringify(others)]
  try {
    await writeFile(file, frames)
    const asked = promisify(execFile)(python, [SCRIPT, source, ...form, file], {
      maxBuffer: 2 ** 24,
    })
    asked.child.stderr?.pipe(process.stderr)
    const { stdout } = await asked
    return stdout
      .trim()
      .split('\n')
      .map((line) => lineSchema.parse(JSON.parse(line)))
  } catch (error) {
    return [{ precision: 'all', failed: messageOf(error).trim().split('\n').at(-1) ?? 'failed' }]
  } finally {
    await rm(folder, { recursive: true })
  }
}
