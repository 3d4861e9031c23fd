import type { Log } from '../base/log.js'
import type { Histogram } from '../base/metrics.js'
import { type Signer, signText } from '../base/sr25519.js'
import type { Generated, Generator } from '../engine/pipeline/generator.js'
import { answerText } from '../formats/answer.js'
import type { Hex } from '../formats/bytes.js'
import { generationParams } from '../formats/generation.js'
import { deflateFrame } from '../wire/frame-codec.js'
import type { AnswerErrorCode, DoneHeader } from '../wire/schemas.js'
import { encodeRecord } from '../wire/stream.js'
import type { Generation } from './generation.js'
import type { AnswerStore } from './keeping/answer-store.js'
import type { Keeping } from './keeping/keeping.js'
import type { StateDraft, StateStore } from './keeping/state-store.js'

interface WorkDeps {
  generator: Generator
  signer: Signer
  terms: { genesisHash: Hex; netuid: number }
  answers: AnswerStore
  states: StateStore
  keeping: Keeping
  log: Log
  seconds: Histogram<string>
  now(): number
}

/**
 * Runs one generation: emits frames as they come, writes states to disk, signs, stores answer and states, and
 * only then emits `done`. So a caller that has seen `done` can get the same answer again, and its openings;
 * what can't be stored ends with an error. Never rejects.
 */
export async function runGeneration(generation: Generation, deps: WorkDeps): Promise<void> {
  const { request } = generation
  const endTimer = deps.seconds.startTimer()
  const keeper = await StateKeeper.begin(generation, deps)
  try {
    const frames: Buffer[] = []
    const generated = await deps.generator.generate(generationParams(request.body), {
      signal: generation.signal,
      onWarning: (warning) => generation.warn(warning),
      onProgress: (step, steps) => generation.emit({ type: 'progress', step, steps }),
      onState: (i, tensors) => keeper.add(i, tensors),
      onFrame: async (index, rgb) => {
        const body = await deflateFrame(rgb)
        frames.push(generation.emit({ type: 'frame', index }, body))
      },
    })
    if (generation.end !== null) return await keeper.discard()
    const done = signed(generation, generated, deps)
    await keep(generation, generated, [...frames, encodeRecord(done)], keeper, deps)
    generation.finish(done)
    if (generation.end === 'done') endTimer()
  } catch (error) {
    await keeper.discard()
    fail(generation, error, deps.log)
  }
}

function signed(generation: Generation, generated: Generated, deps: WorkDeps): DoneHeader {
  const { request } = generation
  const { generator, signer } = deps
  const text = answerText({
    ...deps.terms,
    verifier: request.caller,
    prover: signer.ss58,
    bodySha256: request.rawSha256,
    framesSha256: generated.framesSha256,
    traceRoot: generated.traceRoot,
    determinismClass: generator.determinismClass,
    modelRoot: generator.modelRoot,
  })
  return {
    type: 'done',
    frames_sha256: generated.framesSha256,
    trace_root: generated.traceRoot,
    determinism_class: generator.determinismClass,
    timings: generated.timings,
    signature: signText(signer, text),
  }
}

/** Stores states and answer, or neither, in which case the generation ends with an error. */
async function keep(
  generation: Generation,
  generated: Generated,
  records: Buffer[],
  keeper: StateKeeper,
  { answers, states, keeping, log, now }: WorkDeps,
): Promise<void> {
  const { request } = generation
  const kept = {
    request_id: request.body.request_id,
    caller: request.caller,
    body_sha256: request.rawSha256,
    done_at_ms: now(),
    step_digests: generated.stepDigests,
    frame_digests: generated.frameDigests,
    request: {
      target: request.target,
      nonce: request.claim.nonce.toString(),
      signature: request.claim.signature,
    },
  }
  const accepted = encodeRecord({ type: 'accepted', position: 0, warnings: generated.warnings })
  const stream = [accepted, ...records]
  const bytes = [request.raw, ...stream].reduce((sum, { length }) => sum + length, 0)
  keeping.measured(bytes + keeper.bytes)
  try {
    await keeper.keep(request.key)
    await answers.put(request.key, kept, request.raw, stream)
  } catch (error) {
    await keeper.discard()
    await states.drop(request.key)
    failToKeep(generation, error, { keeping, log })
  }
}

function failToKeep(
  generation: Generation,
  error: unknown,
  { keeping, log }: Pick<WorkDeps, 'keeping' | 'log'>,
): void {
  log.error({ err: error, request_id: generation.request.body.request_id }, 'answer not kept')
  keeping.failed(error)
  generation.fail('internal', 'the answer can’t be kept', true)
}

/** Stores the states as they come; if that fails, the generation ends. */
class StateKeeper {
  private constructor(
    private draft: StateDraft | null,
    private readonly generation: Generation,
    private readonly deps: WorkDeps,
  ) {}

  static async begin(generation: Generation, deps: WorkDeps): Promise<StateKeeper> {
    const draft = await deps.states.begin().catch((error) => {
      failToKeep(generation, error, deps)
      return null
    })
    return new StateKeeper(draft, generation, deps)
  }

  get bytes(): number {
    return this.draft?.bytes ?? 0
  }

  async add(i: number, tensors: readonly Float32Array[]): Promise<void> {
    if (this.draft === null) return
    try {
      if (await this.draft.add(i, tensors)) return
      await this.discard()
      this.deps.log.warn('one generation is larger than the disk bound for states')
      const message = 'the states of this request are larger than the disk bound for them'
      this.generation.fail('out_of_memory', message, true)
    } catch (error) {
      await this.discard()
      failToKeep(this.generation, error, this.deps)
    }
  }

  async keep(key: Hex): Promise<void> {
    await this.draft?.keep(key)
  }

  async discard(): Promise<void> {
    const { draft } = this
    this.draft = null
    await draft?.discard()
  }
}

/** The engine's error codes, mapped to those of an error record. */
const CODES: Record<string, AnswerErrorCode> = {
  invalid_request: 'invalid_request',
  invalid_seed: 'invalid_request',
  out_of_memory: 'out_of_memory',
  cancelled: 'cancelled',
}

function fail(generation: Generation, error: unknown, log: Log): void {
  if (generation.end !== null) return
  const { code: engineCode, message } = error as { code?: string; message?: string }
  const code = CODES[engineCode ?? ''] ?? 'internal'
  const request_id = generation.request.body.request_id
  if (code !== 'internal') {
    // The engine's refusals contain numbers and limits, never the prompt.
    generation.fail(code, message ?? code, code === 'out_of_memory')
    return
  }
  // Anything else may quote its input, so neither its message nor its stack is logged or sent.
  const name = error instanceof Error ? error.name : typeof error
  log.error({ request_id, error: name, code: engineCode }, 'generation failed')
  generation.fail('internal', 'the generation failed', true)
}
