import { Worker } from 'node:worker_threads'
import { EngineError } from './errors.js'

/** Frames for people to look at. */
export interface Video {
  /** Pixels, a multiple of 2. */
  width: number
  /** Pixels, a multiple of 2. */
  height: number
  /** Per second. */
  fps: number
  /** Each height × width × RGB bytes. */
  frames: readonly Uint8Array[]
}

/** H.264's quantizer (10 best … 51): edges of small pictures stay clean, at some 2 kB a 64×64 frame. */
const QUANTIZER = 16

/**
 * MP4 with H.264 (Baseline, 4:2:0), which browsers play. For people only: nothing is ever hashed
 * over it.
 * @throws EngineError `encode_failed`
 */
export async function encodeMp4(video: Video): Promise<Uint8Array> {
  const worker = new Worker(new URL('./mp4-thread.mjs', import.meta.url), {
    execArgv: [],
    workerData: { ...video, quantizer: QUANTIZER },
    // The encoder's only output is a line about its version.
    stdout: true,
    stderr: true,
  })
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the encoder ended without a result')))
    })
  } catch (cause) {
    throw new EngineError('encode_failed', 'The video could not be encoded as MP4.', {
      hint: 'Choose .png or .rgb, or other sizes.',
      cause,
    })
  } finally {
    await worker.terminate()
  }
}
