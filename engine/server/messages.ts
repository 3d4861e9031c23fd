import { z } from 'zod'
import type { FromThread, ToThread } from '../thread/messages.js'

/** Both sides name it when a connection begins; incremented whenever a message changes. */
export const PROTOCOL = 'fractal-engine/2'

const floats = z.instanceof(Float32Array<ArrayBuffer>)
const bytes = z.instanceof(Uint8Array<ArrayBuffer>)
const hex = z.string().regex(/^[0-9a-f]{64}$/)
const whole = z.int()

const params = z.strictObject({
  prompt: z.string(),
  negativePrompt: z.string(),
  seed: whole,
  steps: whole,
  guidanceMilli: whole,
  width: whole,
  height: whole,
  frames: whole,
  fps: whole,
})

/** A client's questions. The engine validates the numbers. */
export const askedSchema: z.ZodType<ToThread> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('generate'), params, frames: z.boolean(), states: z.boolean() }),
  z.strictObject({
    type: z.literal('recompute'),
    params,
    opened: z.strictObject({ step: whole, frame: whole, before: floats, finalLatents: floats }),
  }),
  z.strictObject({ type: z.literal('class') }),
  z.strictObject({ type: z.literal('cancel') }),
  z.strictObject({ type: z.literal('ack'), id: whole }),
  z.strictObject({ type: z.literal('close') }),
])

const grid = { sizeMultiple: whole.positive(), framesEvery: whole.positive() }
const caps = z.looseObject({ pixels: whole.positive(), work: whole.positive() })
const descriptor = z.looseObject({
  name: z.string(),
  grid: z.looseObject(grid),
  caps,
  knownAnswers: z.array(params).nullable(),
})

const generated = z.strictObject({
  framesSha256: hex,
  traceRoot: hex,
  stepDigests: z.array(hex),
  frameDigests: z.array(hex),
  warnings: z.array(z.literal('prompt_truncated')),
  timings: z.strictObject({
    text_us: z.number(),
    denoise_us: z.number(),
    decode_us: z.number(),
    total_us: z.number(),
  }),
})

const recomputed = z.looseObject({
  initialDigest: hex,
  stateDigest: hex,
  state: floats,
  noiseScale: z.number(),
  frameDigest: hex,
  rgb: bytes,
  elapsedUs: z.number(),
})

const answers = [
  z.looseObject({
    type: z.literal('opened'),
    model: z.looseObject({
      root: hex,
      shape: z.looseObject({ ...grid, caps, channels: whole, scale: whole, kept: z.array(whole) }),
      descriptor: descriptor.nullable(),
    }),
    determinismClass: z.string().max(1000),
    software: z.record(z.string(), z.string()),
    instance: z.string().max(100),
  }),
  z.strictObject({ type: z.literal('class'), determinismClass: z.string().max(1000) }),
  z.strictObject({ type: z.literal('warning'), warning: z.literal('prompt_truncated') }),
  z.strictObject({ type: z.literal('progress'), step: whole, steps: whole }),
  z.strictObject({ type: z.literal('frame'), id: whole, index: whole, rgb: bytes }),
  z.strictObject({ type: z.literal('state'), id: whole, i: whole, tensors: z.array(floats) }),
  z.strictObject({ type: z.literal('generated'), generated }),
  z.strictObject({ type: z.literal('recomputed'), recomputed }),
  z.strictObject({
    type: z.literal('failed'),
    error: z.looseObject({ code: z.string(), message: z.string() }),
  }),
] as const

const answerSchema = z.discriminatedUnion('type', answers)

/** Whether this is a valid message of a server. */
export function isAnswer(message: unknown): message is FromThread {
  return answerSchema.safeParse(message).success
}
