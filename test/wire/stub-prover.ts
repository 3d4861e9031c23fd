import { createHash } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { deflateSync } from 'node:zlib'
import { type Signer, signText } from '../../base/sr25519.js'
import { answerText } from '../../formats/answer.js'
import { framesSha256 } from '../../formats/frames.js'
import type { AxonAddress } from '../../wire/axon-address.js'
import { STREAM_MEDIA_TYPE } from '../../wire/limits.js'
import { encodeRecord } from '../../wire/stream.js'

export const GENESIS = '11'.repeat(32)
export const MODEL_ROOT = '22'.repeat(32)
export const TRACE_ROOT = '33'.repeat(32)
export const CLASS = `fc2;engine=stub/1;model=${MODEL_ROOT};ep=cpu;device=x64-avx2;fingerprint=${'44'.repeat(32)}`
export const VIDEO = { width: 8, height: 4, frames: 3, steps: 2 }
const TIMINGS = { text_us: 1, denoise_us: 2, decode_us: 3, total_us: 6 }

/** The records of an honest answer by name, so that a villain changes just one of them. */
export interface Script {
  accepted: Buffer
  progress: Buffer[]
  frames: Buffer[]
  done: Buffer
}

export function rawFrames(video = VIDEO): Buffer[] {
  return Array.from({ length: video.frames }, (_, j) =>
    Buffer.alloc(video.width * video.height * 3, 10 + j),
  )
}

/** What an honest prover answers to these body bytes; on other terms it signs something else. */
export function honestScript(
  prover: Signer,
  verifier: string,
  body: Uint8Array,
  { netuid = 9, traceRoot = TRACE_ROOT }: { netuid?: number; traceRoot?: string } = {},
  { video, frames } = { video: VIDEO, frames: rawFrames() },
): Script {
  const digests = frames.map((frame) => createHash('sha256').update(frame).digest())
  const frames_sha256 = framesSha256(video, digests)
  const text = answerText({
    genesisHash: GENESIS,
    netuid,
    verifier,
    prover: prover.ss58,
    bodySha256: createHash('sha256').update(body).digest('hex'),
    framesSha256: frames_sha256,
    traceRoot,
    determinismClass: CLASS,
    modelRoot: MODEL_ROOT,
  })
  return {
    accepted: encodeRecord({ type: 'accepted', position: 0, warnings: ['prompt_truncated'] }),
    progress: [1, 2].map((step) => encodeRecord({ type: 'progress', step, steps: 2 })),
    frames: frames.map((raw, j) => encodeRecord({ type: 'frame', index: j + 1 }, deflateSync(raw))),
    done: encodeRecord({
      type: 'done',
      frames_sha256,
      trace_root: traceRoot,
      determinism_class: CLASS,
      timings: TIMINGS,
      signature: signText(prover, text),
    }),
  }
}

export function inOrder(script: Script): Buffer[] {
  return [script.accepted, ...script.progress, ...script.frames, script.done]
}

/** Answers every request with these bytes, as a well-formed stream. */
export function streamOf(parts: (body: Buffer) => Buffer[]): RequestListener {
  return async (req, res) => {
    const body = Buffer.concat(await req.toArray())
    res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
    res.end(Buffer.concat(parts(body)))
  }
}

/** Serves on loopback while `run` runs. */
export async function serving<T>(
  listener: RequestListener | Server,
  run: (address: AxonAddress) => Promise<T>,
): Promise<T> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await run({ ip: '127.0.0.1', port: (server.address() as AddressInfo).port })
  } finally {
    const closed = new Promise((resolve) => server.close(resolve))
    if ('closeAllConnections' in server) server.closeAllConnections()
    await closed
  }
}
