import { z } from 'zod'
import type { WorkShape } from '../../formats/video-shape.js'

const bodySchema = z.object({
  sampling_params: z.object({
    num_inference_steps: z.int32(),
    num_frames: z.int32(),
    width: z.int32(),
    height: z.int32(),
  }),
})

/** What a request asks for, from its bytes, so that the two can't differ; null if it is no request for a video. */
export function shapeInBody(body: Uint8Array): WorkShape | null {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return null
  }
  const read = bodySchema.safeParse(value)
  if (!read.success) return null
  const {
    num_inference_steps: steps,
    num_frames: frames,
    width,
    height,
  } = read.data.sampling_params
  return { steps, frames, width, height }
}

/**
 * For a FROM clause after attempts `a`: what a row of an earlier version asks for stands only in its body. Only numbers
 * are read, as json: a prompt may contain what jsonb rejects.
 */
export const OLD_SHAPE = `CROSS JOIN LATERAL (
  SELECT CASE WHEN a.steps IS NULL AND a.body <> '' THEN convert_from(a.body, 'UTF8')::json->'sampling_params' END AS p
) old`

/** With `OLD_SHAPE`: expressions of what a request asks for; null if its body was removed. */
export const SHAPE = {
  steps: `coalesce(a.steps, (p->>'num_inference_steps')::integer)`,
  frames: `coalesce(a.frames, (p->>'num_frames')::integer)`,
  width: `coalesce(a.width, (p->>'width')::integer)`,
  height: `coalesce(a.height, (p->>'height')::integer)`,
} as const satisfies Record<keyof WorkShape, string>
