import { createHash } from 'node:crypto'
import type { Hex } from '../formats/bytes.js'
import type { GenerationBody } from '../formats/generation.js'
import { generationBodySchema, parseJsonBody } from './schemas.js'

/** The exact bytes of a request: the same keys in the same order, whoever asks for whatever reason. */
export function encodeBody(body: GenerationBody): { bytes: Uint8Array; sha256: Hex } {
  const { private_input, sampling_params: s } = body
  const bytes = Buffer.from(
    JSON.stringify({
      request_id: body.request_id,
      query: body.query,
      private_input: { negative_prompt: private_input.negative_prompt },
      sampling_params: {
        seed: s.seed,
        num_inference_steps: s.num_inference_steps,
        guidance_scale: s.guidance_scale,
        width: s.width,
        height: s.height,
        num_frames: s.num_frames,
        fps: s.fps,
      },
      model: body.model,
      deadline_ms: body.deadline_ms,
    } satisfies GenerationBody),
  )
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Reads a request's bytes. @throws WireError `bad_request`; `details.field` names the first field at fault */
export function decodeBody(bytes: Uint8Array): GenerationBody {
  return parseJsonBody(generationBodySchema, bytes)
}
