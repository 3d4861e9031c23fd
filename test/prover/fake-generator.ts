import { createHash } from 'node:crypto'
import { EngineError } from '../../engine/errors.js'
import { USUAL_CAPS } from '../../engine/model/sizes.js'
import type { Generated, GenerationHooks, Generator } from '../../engine/pipeline/generator.js'
import { toHex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'

export const FAKE_CLASS = `fc2;engine=fake/1;model=${'ab'.repeat(32)};ep=cpu;device=x64-avx2;fingerprint=${'cd'.repeat(32)}`
const FAKE_LATENTS = 24

/** Float32 values in its state i. */
export function fakeStateSize({ steps }: { steps: number }, i: number): number {
  return i > 0 && i < steps ? 2 * FAKE_LATENTS : FAKE_LATENTS
}

/** What a test may do to the fake's course. */
export interface FakeOptions {
  /** Awaited before each step. */
  beforeStep?(step: number, params: GenerationParams): void | Promise<void>
  /** Goes on when its signal is aborted, as an engine must not. */
  deaf?: boolean
}

/**
 * Stands for the GPU: a deterministic function of its parameters with the states, frames, digests and
 * hooks of the real engine, and none of its arithmetic.
 */
export class FakeGenerator implements Generator {
  readonly modelRoot = 'ab'.repeat(32)
  readonly determinismClass = FAKE_CLASS
  readonly software = { fake: '1' }
  readonly device = 'cpu'
  readonly descriptor = {
    name: 'fake',
    steps: 3,
    guidanceMilli: 3000,
    frames: 2,
    width: 8,
    height: 8,
    fps: 8,
    grid: { sizeMultiple: 8, framesEvery: 1 },
    caps: USUAL_CAPS,
    knownAnswers: null,
  }
  /** Prompts it began with, in order. */
  readonly began: string[] = []
  readonly cancelledAt: number[] = []

  constructor(readonly options: FakeOptions = {}) {}

  async generate(params: GenerationParams, hooks: GenerationHooks = {}): Promise<Generated> {
    if (params.width % 8 !== 0)
      throw new EngineError('invalid_request', 'width is no multiple of 8')
    this.began.push(params.prompt)
    const warnings = params.prompt.length > 300 ? (['prompt_truncated'] as const) : []
    for (const warning of warnings) hooks.onWarning?.(warning)
    const stepDigests: Buffer[] = []
    for (let i = 0; i <= params.steps; i++) {
      await this.options.beforeStep?.(i, params)
      if (hooks.signal?.aborted && !this.options.deaf) {
        this.cancelledAt.push(i)
        throw new EngineError('cancelled', 'The generation was cancelled.')
      }
      const latents = values(params, `latents/${i}`)
      const isEnd = i === 0 || i === params.steps
      const state = isEnd ? [latents] : [latents, values(params, `x0/${i}`)]
      stepDigests.push(digestOf(state))
      await hooks.onState?.(i, state)
      if (i > 0) hooks.onProgress?.(i, params.steps)
    }
    const frameDigests: Buffer[] = []
    for (let j = 1; j <= params.frames; j++) {
      const rgb = bytes(params, `frame/${j}`, params.width * params.height * 3)
      frameDigests.push(createHash('sha256').update(rgb).digest())
      await hooks.onFrame?.(j, rgb)
    }
    return {
      framesSha256: framesSha256(params, frameDigests),
      traceRoot: traceRoot(stepDigests, frameDigests),
      stepDigests: stepDigests.map(toHex),
      frameDigests: frameDigests.map(toHex),
      warnings: [...warnings],
      timings: { text_us: 1, denoise_us: 2, decode_us: 3, total_us: 6 },
    }
  }

  async classNow(): Promise<string> {
    return this.determinismClass
  }

  async close(): Promise<void> {}
}

function bytes(params: GenerationParams, label: string, count: number): Uint8Array {
  const seed = createHash('sha256').update(`${params.prompt}\n${params.seed}\n${label}`).digest()
  return Uint8Array.from({ length: count }, (_, i) => seed[i % 32]! ^ (i & 0xff))
}

function values(params: GenerationParams, label: string): Float32Array {
  return Float32Array.from(bytes(params, label, FAKE_LATENTS), (byte) => byte / 256)
}

function digestOf(state: readonly Float32Array[]): Buffer {
  const hash = createHash('sha256')
  for (const tensor of state) hash.update(new Uint8Array(tensor.buffer))
  return hash.digest()
}
