import { createHash } from 'node:crypto'
import type { Hex } from '../../formats/bytes.js'
import { type GenerationBody, workOf } from '../../formats/generation.js'
import { WireError } from '../../wire/error.js'
import { generationBodySchema } from '../../wire/schemas.js'

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

/** Reads stored request bytes back. @throws WireError `bad_request` when they are none */
export function decodeBody(bytes: Uint8Array): GenerationBody {
  const parsed = generationBodySchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  if (parsed.success) return parsed.data
  throw new WireError('bad_request', 'a stored request is not a request any more')
}

/** What the answer to this request must be, and its work. */
export function expectedOf(body: GenerationBody) {
  const { num_inference_steps: steps, num_frames: frames, width, height } = body.sampling_params
  return { steps, frames, width, height, work: workOf({ steps, frames, width, height }) }
}
