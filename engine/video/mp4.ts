import { Worker } from 'node:worker_threads'
import { Mutex } from '../../base/concurrency/semaphore.js'
import { EngineError } from '../errors.js'
import { faststart } from './faststart.js'

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

/** H.264's quantizer (10 best … 51): edges of small frames stay clean, at about 2 kB per 64×64 frame. */
const QUANTIZER = 16
/** Starting the encoder takes ten times as long as encoding a small video, so it is kept for a while. */
const KEPT_MS = 30_000

const mutex = new Mutex()
let thread: Worker | null = null
let rest: NodeJS.Timeout | undefined

/**
 * MP4 with H.264 (Baseline, 4:2:0), which browsers play while loading. Equal frames give equal bytes. Only
 * for viewing: no signed hash covers it. Encodes one at a time, in its own thread.
 * @throws EngineError `encode_failed`
 */
export function encodeMp4(video: Video): Promise<Uint8Array> {
  return mutex.run(() => encode(video))
}

async function encode(video: Video): Promise<Uint8Array> {
  clearTimeout(rest)
  thread ??= startThread()
  const worker = thread
  worker.ref()
  try {
    const mp4 = await new Promise<Uint8Array>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the encoder ended without a result')))
      worker.postMessage({ ...video, quantizer: QUANTIZER })
    })
    return faststart(mp4)
  } catch (cause) {
    // A failure may have left the encoder in any state.
    thread = null
    await worker.terminate()
    throw new EngineError('encode_failed', 'The video could not be encoded as MP4.', {
      hint: 'Choose .png or .rgb, or other sizes.',
      cause,
    })
  } finally {
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event)
    worker.unref()
    rest = setTimeout(endThread, KEPT_MS).unref()
  }
}

function startThread(): Worker {
  return new Worker(new URL('./mp4-thread.mjs', import.meta.url), {
    execArgv: [],
    // The encoder's only output is a line about its version.
    stdout: true,
    stderr: true,
  })
}

function endThread(): void {
  void thread?.terminate()
  thread = null
}
