import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { EngineError } from '../errors.js'
import type { NativeGate } from './native-gate.js'
import { knownFailure, reasonOf } from './runtime-error.js'

/** One opened network of the model. */
export class Network {
  readonly #session: InferenceSession
  readonly #gate: NativeGate

  constructor(session: InferenceSession, gate: NativeGate) {
    this.#session = session
    this.#gate = gate
  }

  /**
   * Runs it and returns its only output, which is float32. onnxruntime-node blocks the thread in the
   * meantime.
   * @throws EngineError `out_of_memory`, `gpu_missing`, `engine_failed`
   */
  async run(feeds: Record<string, Tensor>): Promise<Float32Array> {
    try {
      const outputs = await this.#gate.pass(() => this.#session.run(feeds))
      return outputs[this.#session.outputNames[0]!]!.data as Float32Array
    } catch (cause) {
      throw runError(cause)
    }
  }

  async release(): Promise<void> {
    await this.#session.release()
  }
}

function runError(cause: unknown): EngineError {
  return (
    knownFailure(cause) ??
    new EngineError('engine_failed', `The model failed while running: ${reasonOf(cause)}`, {
      hint: 'If the same request fails again, the model or the installation is at fault.',
      cause,
    })
  )
}
