import { createHash } from 'node:crypto'
import { type Signer, signText } from '../../base/sr25519.js'
import { answerText } from '../../formats/answer.js'
import type { Hex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import { deflateFrame } from '../../wire/frame-codec.js'
import { encodeRecord } from '../../wire/stream.js'

/** The default model's standard video. */
export const VIDEO = { width: 64, height: 64, frames: 16, steps: 12 }
export const NETUID = 1
export const MODEL_ROOT = '22'.repeat(32)
export const CLASS = `fc2;engine=bench/1;model=${MODEL_ROOT};ep=cpu;device=x64-avx2;fingerprint=${'44'.repeat(32)}`
const TRACE_ROOT = '33'.repeat(32)

/** All of an answer that is the same for every request: everything but the last record. */
export async function stubRecords(): Promise<{ records: Buffer[]; framesSha256: Hex }> {
  const { width, height, frames, steps } = VIDEO
  const raw = Array.from({ length: frames }, (_, j) => picture(width, height, j))
  const digests = raw.map((frame) => createHash('sha256').update(frame).digest())
  const bodies = await Promise.all(raw.map(deflateFrame))
  return {
    records: [
      encodeRecord({ type: 'accepted', position: 0, warnings: [] }),
      ...Array.from({ length: steps }, (_, i) =>
        encodeRecord({ type: 'progress', step: i + 1, steps }),
      ),
      ...bodies.map((body, j) => encodeRecord({ type: 'frame', index: j + 1 }, body)),
    ],
    framesSha256: framesSha256(VIDEO, digests),
  }
}

/** A square that moves over a slope of colours: what compresses like a video, which noise would not. */
function picture(width: number, height: number, j: number): Buffer {
  const rgb = Buffer.alloc(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= 2 * j && x < 2 * j + 16 && y >= 24 && y < 40
      const at = 3 * (y * width + x)
      rgb[at] = inside ? 230 : 2 * x
      rgb[at + 1] = inside ? 40 : 2 * y
      rgb[at + 2] = inside ? 40 : 90
    }
  }
  return rgb
}

/** The last record of the answer to a request. */
export function stubDone(
  prover: Signer,
  terms: { genesisHash: Hex; verifier: string; body: Uint8Array; framesSha256: Hex },
): Buffer {
  const text = answerText({
    genesisHash: terms.genesisHash,
    netuid: NETUID,
    verifier: terms.verifier,
    prover: prover.ss58,
    bodySha256: createHash('sha256').update(terms.body).digest('hex'),
    framesSha256: terms.framesSha256,
    traceRoot: TRACE_ROOT,
    determinismClass: CLASS,
    modelRoot: MODEL_ROOT,
  })
  return encodeRecord({
    type: 'done',
    frames_sha256: terms.framesSha256,
    trace_root: TRACE_ROOT,
    determinism_class: CLASS,
    timings: { text_us: 0, denoise_us: 0, decode_us: 0, total_us: 0 },
    signature: signText(prover, text),
  })
}
