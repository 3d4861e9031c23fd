import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as z from 'zod'
import { messageOf } from '../../base/errors.js'
import { pythonWith } from './python-venv.js'

const BITTENSOR = 'bittensor==10.5.*'
const SCRIPT = fileURLToPath(new URL('./bittensor_peer.py', import.meta.url))
const MOST_MS = 120_000

const figuresSchema = z.object({
  version: z.string(),
  signed_p50: z.number(),
  signed_p99: z.number(),
  bare_p50: z.number(),
  bare_p99: z.number(),
})

/** Milliseconds of bittensor's own signed exchange of so many bytes, or why they can't be measured. */
export async function measureBittensor(
  rounds: number,
  bytes: number,
): Promise<z.output<typeof figuresSchema> | { missing: string }> {
  const python = await pythonWith(BITTENSOR)
  if ('missing' in python) return python
  const folder = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
  try {
    const args = [SCRIPT, String(rounds), String(bytes), folder]
    const { stdout } = await promisify(execFile)(join(python.bin, 'python'), args, {
      timeout: MOST_MS,
      cwd: folder,
    })
    return figuresSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1)!))
  } catch (error) {
    return { missing: messageOf(error).trim().split('\n').at(-1)! }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
