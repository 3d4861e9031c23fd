import { type Signer, signText } from '../../../base/sr25519.js'
import { answerText } from '../../../formats/answer.js'
import { framesSha256 } from '../../../formats/frames.js'
import type { Asked } from '../../../formats/receipt/compare-asked.js'
import { sha256, sha256Hex } from '../../../formats/sha256.js'
import type { Receipt } from '../../../web/api-types.js'
import { signRequest } from '../../../wire/btauth.js'

const MODEL_ROOT = 'ab'.repeat(32)
export const ASKED: Asked = {
  prompt: 'a red “ball” rolls',
  negativePrompt: 'blue',
  seed: 7,
  model: 'm',
  steps: 3,
  guidance: 2.5,
  width: 8,
  height: 16,
  frames: 2,
  fps: 8,
}
export const FRAMES = [1, 2].map((value) => new Uint8Array(8 * 16 * 3).fill(value))

/** What a prover made of the request. */
export interface MadeVideo {
  readonly frames: readonly Uint8Array[]
  readonly traceRoot: string
  readonly determinismClass: string
  readonly modelRoot: string
}

const MADE: MadeVideo = {
  frames: FRAMES,
  traceRoot: '34'.repeat(32),
  determinismClass: `fc2;engine=e;model=${MODEL_ROOT};ort=1`,
  modelRoot: MODEL_ROOT,
}

/** A receipt as the API gives it, signed by real keys. */
export function honestReceipt(
  verifier: Signer,
  prover: Signer,
  asked: Asked = ASKED,
  made: MadeVideo = MADE,
): Receipt {
  const body = JSON.stringify({
    request_id: '00000000-0000-4000-8000-000000000001',
    query: asked.prompt,
    private_input: { negative_prompt: asked.negativePrompt },
    sampling_params: {
      seed: asked.seed,
      num_inference_steps: asked.steps,
      guidance_scale: asked.guidance,
      width: asked.width,
      height: asked.height,
      num_frames: asked.frames,
      fps: asked.fps,
    },
    model: asked.model,
    deadline_ms: 30_000,
  })
  const shape = { width: asked.width, height: asked.height, frames: asked.frames }
  const terms = {
    genesisHash: '12'.repeat(32),
    netuid: 18,
    verifier: verifier.ss58,
    prover: prover.ss58,
    bodySha256: sha256Hex(body),
    framesSha256: framesSha256(shape, made.frames.map(sha256)),
    traceRoot: made.traceRoot,
    determinismClass: made.determinismClass,
    modelRoot: made.modelRoot,
  }
  const headers = signRequest({
    signer: verifier,
    method: 'POST',
    target: '/v1/generate',
    body: new TextEncoder().encode(body),
    nonce: 1752076800000000000n,
    receiver: prover.ss58,
  })
  return {
    object: 'video.receipt',
    video_id: 'video_1',
    url: '/v1/videos/video_1/receipt',
    request_id: '00000000-0000-4000-8000-000000000001',
    prover: prover.ss58,
    prover_tier: 'bronze',
    prover_caught: null,
    verifier: verifier.ss58,
    netuid: 18,
    genesis_hash: terms.genesisHash,
    seed: asked.seed ?? 0,
    model: asked.model,
    counted: false,
    width: asked.width,
    height: asked.height,
    num_frames: asked.frames,
    request: {
      body,
      body_sha256: terms.bodySha256,
      nonce: headers['X-Bittensor-Nonce']!,
      signature: headers['X-Bittensor-Signature']!,
    },
    answer: {
      frames_sha256: terms.framesSha256,
      trace_root: terms.traceRoot,
      determinism_class: terms.determinismClass,
      class_sha256: sha256Hex(terms.determinismClass),
      model_root: made.modelRoot,
      signature: signText(prover, answerText(terms)),
      signed_text: answerText(terms),
    },
    elapsed_ms: 900,
    completed_at: 0,
    interval: 1,
    judgment: { state: 'not_judged', verdict: null, reason: null, reason_text: null, checks: [] },
  }
}
