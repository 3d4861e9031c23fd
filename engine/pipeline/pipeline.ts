import { type Hex, toHex } from '../../formats/bytes.js'
import { fingerprintOf, formatDeterminismClass } from '../../formats/determinism-class.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import { hostDevice } from '../class/host-device.js'
import { softwareOf } from '../class/software.js'
import { EngineError } from '../errors.js'
import { knownAnswersOf } from '../model/known-answers.js'
import type { Model } from '../model/model.js'
import type { ModelConfig } from '../model/model-config.js'
import { checkpoint } from '../runtime/cancellation.js'
import type { NativeGate } from '../runtime/native-gate.js'
import { type Networks, openNetworks, releaseNetworks } from '../runtime/networks.js'
import { loadRuntime, type Runtime } from '../runtime/runtime.js'
import { PromptTokenizer } from '../tokenizer/prompt-tokens.js'
import { decodeFrame } from './decode-frame.js'
import { type Conditioning, type DenoiseState, denoiseStep } from './denoise.js'
import { digestOf } from './digest.js'
import { solverSteps } from './dpm-solver.js'
import type { Device, Generated, GenerationHooks, GenerationWarning } from './generator.js'
import { latentShape, validateParams } from './params.js'
import { torchRandn } from './randn.js'
import {
  assertOpenedStep,
  joinState,
  type OpenedStep,
  type RecomputedStep,
  splitState,
} from './recompute-step.js'

/** Of the pipeline's own arithmetic: raised whenever a change here changes a byte of any video. */
const ENGINE = 'fractal-t2v-2'

interface PipelineParts {
  device: Device
  /** As the determinism class names it. */
  deviceName: string
  runtime: Runtime
  networks: Networks
  config: ModelConfig
  tokenizer: PromptTokenizer
}

/** Text to video, in the thread that calls it: each call of a network blocks it. */
export class Pipeline {
  readonly modelRoot: Hex
  readonly #parts: PipelineParts

  private constructor(root: Hex, parts: PipelineParts) {
    this.modelRoot = root
    this.#parts = parts
  }

  /** @throws EngineError `model_invalid`, `unsupported_model`, `runtime_missing`, `cuda_missing`, `gpu_missing` */
  static async open({ files, config }: Model, device: Device, gate: NativeGate): Promise<Pipeline> {
    const tokenizer = new PromptTokenizer(config.tokenizer)
    const runtime = await loadRuntime()
    const networks = await openNetworks(runtime, files, device, gate)
    try {
      const deviceName = await hostDevice(device)
      const parts = { device, deviceName, runtime, networks, config, tokenizer }
      return new Pipeline(files.root, parts)
    } catch (error) {
      await releaseNetworks(networks)
      throw error
    }
  }

  /**
   * The determinism class of this process as it computes now: the known answers are generated. From the last
   * to the first, so that a GPU is left warm for the standard size. One at a time is the caller's duty.
   * @throws EngineError `model_invalid` for known answers that the model can't generate
   */
  async determinismClass(hooks: Pick<GenerationHooks, 'signal'> = {}): Promise<string> {
    const { device, deviceName, config } = this.#parts
    const hashes: Hex[] = []
    for (const params of [...knownAnswersOf(config.descriptor)].reverse()) {
      hashes.unshift((await this.#knownAnswer(params, hooks)).framesSha256)
    }
    return formatDeterminismClass({
      engine: ENGINE,
      modelRoot: this.modelRoot,
      ep: device,
      device: deviceName,
      fingerprint: fingerprintOf(hashes),
    })
  }

  async #knownAnswer(
    params: GenerationParams,
    hooks: Pick<GenerationHooks, 'signal'>,
  ): Promise<Generated> {
    try {
      return await this.generate(params, hooks)
    } catch (cause) {
      if (!(cause instanceof EngineError) || cause.code !== 'invalid_request') throw cause
      throw new EngineError('model_invalid', `A known answer of the model: ${cause.message}`, {
        hint: 'List known_answers in its fractal.json that the model can generate.',
        cause,
      })
    }
  }

  /** What computes, for people; of a GPU once something was generated, for its libraries load by then. */
  software(): Promise<Record<string, string>> {
    const { device, runtime } = this.#parts
    return softwareOf(device, runtime.env.versions.node ?? runtime.env.versions.common)
  }

  /** One at a time is the caller's duty. @throws EngineError */
  async generate(params: GenerationParams, hooks: GenerationHooks = {}): Promise<Generated> {
    validateParams(params, this.#parts.config)
    await checkpoint(hooks.signal)
    const started = performance.now()
    const { conditioning, warnings } = await this.#condition(params)
    for (const warning of warnings) hooks.onWarning?.(warning)
    const encoded = performance.now()
    const { stepDigests, latents } = await this.#denoise(params, conditioning, hooks)
    const denoised = performance.now()
    const frameDigests = await this.#decode(params, conditioning, latents, hooks)
    const decoded = performance.now()
    return {
      framesSha256: framesSha256(params, frameDigests),
      traceRoot: traceRoot(stepDigests, frameDigests),
      stepDigests: stepDigests.map(toHex),
      frameDigests: frameDigests.map(toHex),
      warnings,
      timings: {
        text_us: microseconds(started, encoded),
        denoise_us: microseconds(encoded, denoised),
        decode_us: microseconds(denoised, decoded),
        total_us: microseconds(started, decoded),
      },
    }
  }

  /**
   * Computes one step and one frame of a generation again, by the same networks and in the same batch as
   * `generate` does. One at a time is the caller's duty.
   * @throws EngineError
   */
  async recomputeStep(
    params: GenerationParams,
    opened: OpenedStep,
    { signal }: Pick<GenerationHooks, 'signal'> = {},
  ): Promise<RecomputedStep> {
    const { runtime, networks, config } = this.#parts
    validateParams(params, config)
    assertOpenedStep(params, config, opened)
    await checkpoint(signal)
    const started = performance.now()
    const { conditioning } = await this.#condition(params)
    const { shape } = conditioning
    const size = opened.finalLatents.length
    const step = solverSteps(config.scheduler, params.steps)[opened.step - 1]!
    const before = splitState(opened.before, size)
    const after = await denoiseStep(runtime, networks, conditioning, step, before)
    await checkpoint(signal)
    const frame = opened.frame - 1
    const { finalLatents } = opened
    const factor = config.scalingFactor
    const rgb = await decodeFrame(runtime, networks, factor, finalLatents, shape, frame)
    const ended = performance.now()
    const { state, digest } = joinState(
      after.latents,
      opened.step === params.steps ? null : after.x0,
    )
    return {
      initialDigest: toHex(digestOf(torchRandn(params.seed, size))),
      stateDigest: digest,
      state,
      noiseScale: step.sigma / step.alpha,
      frameDigest: toHex(digestOf(rgb)),
      rgb,
      elapsedUs: microseconds(started, ended),
    }
  }

  async release(): Promise<void> {
    await releaseNetworks(this.#parts.networks)
  }

  async #condition(
    params: GenerationParams,
  ): Promise<{ conditioning: Conditioning; warnings: GenerationWarning[] }> {
    const { runtime, networks, config, tokenizer } = this.#parts
    let truncated = false
    const embeddings: Float32Array[] = []
    for (const text of [params.negativePrompt, params.prompt]) {
      const tokens = tokenizer.encode(text)
      truncated ||= tokens.truncated
      const ids = new runtime.Tensor('int64', tokens.ids, [1, tokens.ids.length])
      embeddings.push(await networks.text.run({ input_ids: ids }))
    }
    const [without, withPrompt] = embeddings
    const both = new Float32Array(2 * without!.length)
    both.set(without!)
    both.set(withPrompt!, without!.length)
    const { length } = config.tokenizer
    return {
      conditioning: {
        embeddings: new runtime.Tensor('float32', both, [2, length, without!.length / length]),
        guidance: params.guidanceMilli / 1000,
        shape: latentShape(params, config),
      },
      warnings: truncated ? ['prompt_truncated'] : [],
    }
  }

  async #denoise(
    params: GenerationParams,
    conditioning: Conditioning,
    hooks: GenerationHooks,
  ): Promise<{ stepDigests: Uint8Array[]; latents: Float32Array }> {
    const { runtime, networks, config } = this.#parts
    const size = conditioning.shape.reduce((product, side) => product * side, 1)
    let state: DenoiseState = { latents: torchRandn(params.seed, size), x0: null }
    const stepDigests = [digestOf(state.latents)]
    await hooks.onState?.(0, state.latents.slice(), null)
    for (const [index, step] of solverSteps(config.scheduler, params.steps).entries()) {
      await checkpoint(hooks.signal)
      const after = await denoiseStep(runtime, networks, conditioning, step, state)
      const i = index + 1
      const x0 = i === params.steps ? null : after.x0
      stepDigests.push(x0 === null ? digestOf(after.latents) : digestOf(after.latents, x0))
      await hooks.onState?.(i, after.latents.slice(), x0?.slice() ?? null)
      hooks.onProgress?.(i, params.steps)
      state = after
    }
    return { stepDigests, latents: state.latents }
  }

  async #decode(
    params: GenerationParams,
    { shape }: Conditioning,
    latents: Float32Array,
    hooks: GenerationHooks,
  ): Promise<Uint8Array[]> {
    const { runtime, networks, config } = this.#parts
    const digests: Uint8Array[] = []
    for (let frame = 0; frame < params.frames; frame++) {
      await checkpoint(hooks.signal)
      const rgb = await decodeFrame(runtime, networks, config.scalingFactor, latents, shape, frame)
      digests.push(digestOf(rgb))
      await hooks.onFrame?.(frame + 1, rgb)
    }
    return digests
  }
}

function microseconds(from: number, to: number): number {
  return Math.round((to - from) * 1000)
}
