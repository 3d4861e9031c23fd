import { type Hex, toHex } from '../../formats/bytes.js'
import { fingerprintOf, formatDeterminismClass } from '../../formats/determinism-class.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import type { Conditioning, ModelConfig, ModelParts } from '../architectures/architecture.js'
import { hostDevice } from '../class/host-device.js'
import { softwareOf } from '../class/software.js'
import { EngineError } from '../errors.js'
import { knownAnswersOf } from '../model/known-answers.js'
import type { Model } from '../model/model.js'
import type { LatentShape } from '../model/model-shape.js'
import { checkpoint, throwIfCancelled } from '../runtime/cancellation.js'
import type { NativeGate } from '../runtime/native-gate.js'
import {
  type Networks,
  openNetworks,
  type Residency,
  releaseNetworks,
} from '../runtime/networks.js'
import { loadRuntime, type Runtime } from '../runtime/runtime.js'
import type { SolverState } from '../schedulers/scheduler.js'
import { digestOf } from './digest.js'
import type { Device, Generated, GenerationHooks, GenerationWarning } from './generator.js'
import { validateParams } from './params.js'
import { torchRandn } from './randn.js'
import { assertOpenedStep, type OpenedStep, type RecomputedStep } from './recompute-step.js'
import { joinState, latentShape, splitState } from './states.js'

/**
 * Version of the pipeline's own arithmetic: incremented whenever a change here changes a byte of any video.
 */
const ENGINE = 'fractal-t2v-2'

interface PipelineParts {
  device: Device
  /** The device's name in the determinism class. */
  deviceName: string
  residency: Residency
  runtime: Runtime
  networks: Networks
  config: ModelConfig
  model: ModelParts
}

/** Text to video in the calling thread, which each call of a network blocks. */
export class Pipeline {
  readonly modelRoot: Hex
  readonly #parts: PipelineParts

  private constructor(root: Hex, parts: PipelineParts) {
    this.modelRoot = root
    this.#parts = parts
  }

  /**
   * @throws EngineError `model_invalid`, `unsupported_model`, `runtime_missing`, `cuda_missing`,
   * `gpu_missing`
   */
  static async open(
    { files, config }: Model,
    device: Device,
    gate: NativeGate,
    residency: Residency = 'together',
  ): Promise<Pipeline> {
    const tokenizer = config.tokenizer()
    const runtime = await loadRuntime()
    const specs = config.networks
    const networks = await openNetworks({ runtime, files, specs, device, gate, residency })
    try {
      const deviceName = await hostDevice(device)
      const model = config.parts(runtime, networks, tokenizer)
      const opened = { device, deviceName, residency, runtime, networks, config, model }
      return new Pipeline(files.root, opened)
    } catch (error) {
      await releaseNetworks(networks)
      throw error
    }
  }

  /**
   * The determinism class of this process as it computes now, by generating the known answers. It goes from
   * the last to the first, so that a GPU is left warm for the standard size. The caller must not run anything
   * else concurrently.
   * @throws EngineError `model_invalid` for known answers that the model can't generate
   */
  async classNow(hooks: Pick<GenerationHooks, 'signal'> = {}): Promise<string> {
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

  /**
   * The computing software; on a GPU, call it after something was generated, because its libraries are loaded
   * then.
   */
  async software(): Promise<Record<string, string>> {
    const { device, runtime, residency } = this.#parts
    const version = runtime.env.versions.node ?? runtime.env.versions.common
    const software = await softwareOf(device, version)
    return residency === 'by turns' ? { ...software, networks: 'one at a time' } : software
  }

  /** The caller must not run anything else concurrently. @throws EngineError */
  async generate(params: GenerationParams, hooks: GenerationHooks = {}): Promise<Generated> {
    validateParams(params, this.#parts.config.shape)
    await checkpoint(hooks.signal)
    const started = performance.now()
    const { conditioning, warnings } = await this.#condition(params)
    for (const warning of warnings) hooks.onWarning?.(warning)
    const encoded = performance.now()
    const { stepDigests, latents } = await this.#denoise(params, conditioning, hooks)
    const denoised = performance.now()
    const frameDigests = await this.#decode(params, conditioning.shape, latents, hooks)
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
   * Recomputes one step and one frame of a generation, with the same networks and batch as `generate`. The
   * caller must not run anything else concurrently.
   * @throws EngineError
   */
  async recomputeStep(
    params: GenerationParams,
    opened: OpenedStep,
    { signal }: Pick<GenerationHooks, 'signal'> = {},
  ): Promise<RecomputedStep> {
    const { config, model } = this.#parts
    validateParams(params, config.shape)
    assertOpenedStep(params, config.shape, opened)
    await checkpoint(signal)
    const started = performance.now()
    const { conditioning } = await this.#condition(params)
    const { finalLatents } = opened
    const size = finalLatents.length
    const step = config.scheduler.steps(params.steps)[opened.step - 1]!
    const before = splitState(opened.before, size)
    const predict = model.denoiser.condition(conditioning)
    const after = step.next(before, await predict(before[0], step.timestep))
    await checkpoint(signal)
    const [rgb] = await model.decoder.decode(finalLatents, conditioning.shape, opened.frame - 1)
    const ended = performance.now()
    const { state, digest } = joinState(after)
    return {
      initialDigest: toHex(digestOf(torchRandn(params.seed, size))),
      stateDigest: digest,
      state,
      noiseScale: step.noiseScale,
      frameDigest: toHex(digestOf(rgb!)),
      rgb: rgb!,
      elapsedUs: microseconds(started, ended),
    }
  }

  async release(): Promise<void> {
    await releaseNetworks(this.#parts.networks)
  }

  async #condition(
    params: GenerationParams,
  ): Promise<{ conditioning: Conditioning; warnings: GenerationWarning[] }> {
    const { config, model } = this.#parts
    const prompt = await model.textEncoder.encode(params.prompt)
    const isGuided = params.guidanceMilli > 1000 || config.denoiserBatch === 2
    const negative = isGuided ? await model.textEncoder.encode(params.negativePrompt) : null
    return {
      conditioning: {
        prompt: prompt.embedding,
        negative: negative?.embedding ?? null,
        guidanceMilli: params.guidanceMilli,
        shape: latentShape(params, config.shape),
      },
      warnings: prompt.truncated || negative?.truncated ? ['prompt_truncated'] : [],
    }
  }

  async #denoise(
    params: GenerationParams,
    conditioning: Conditioning,
    hooks: GenerationHooks,
  ): Promise<{ stepDigests: Uint8Array[]; latents: Float32Array }> {
    const { config, model } = this.#parts
    const size = conditioning.shape.reduce((product, side) => product * side, 1)
    const predict = model.denoiser.condition(conditioning)
    let state: SolverState = [torchRandn(params.seed, size)]
    const stepDigests: Uint8Array[] = []
    const commit = async (i: number) => {
      stepDigests.push(digestOf(...state))
      await hooks.onState?.(
        i,
        state.map((tensor) => tensor.slice()),
      )
    }
    await commit(0)
    for (const [index, step] of config.scheduler.steps(params.steps).entries()) {
      await checkpoint(hooks.signal)
      state = step.next(state, await predict(state[0], step.timestep))
      await commit(index + 1)
      hooks.onProgress?.(index + 1, params.steps)
    }
    return { stepDigests, latents: state[0] }
  }

  async #decode(
    params: GenerationParams,
    shape: LatentShape,
    latents: Float32Array,
    hooks: GenerationHooks,
  ): Promise<Uint8Array[]> {
    const { decoder } = this.#parts.model
    const digests: Uint8Array[] = []
    while (digests.length < params.frames) {
      await checkpoint(hooks.signal)
      for (const rgb of await decoder.decode(latents, shape, digests.length)) {
        throwIfCancelled(hooks.signal)
        digests.push(digestOf(rgb))
        await hooks.onFrame?.(digests.length, rgb)
      }
    }
    return digests
  }
}

function microseconds(from: number, to: number): number {
  return Math.round((to - from) * 1000)
}
