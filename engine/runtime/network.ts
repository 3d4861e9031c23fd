import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { messageOf } from '../../base/errors.js'
import { EngineError } from '../errors.js'
import type { NativeGate } from './native-gate.js'

/** One network of the model, open. */
export class Network {
  readonly #session: InferenceSession
  readonly #gate: NativeGate

  constructor(session: InferenceSession, gate: NativeGate) {
    this.#session = session
    this.#gate = gate
  }

  /**
   * Runs it for its only output, which is float32. onnxruntime-node blocks the thread meanwhile.
   * @throws EngineError `out_of_memory`, `engine_failed`
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

const ALLOCATION = /bad_alloc|out of memory|failed to allocate|allocate memory|_ALLOC_FAILED/i

function runError(cause: unknown): EngineError {
  const message = firstLine(messageOf(cause))
  return ALLOCATION.test(message)
    ? new EngineError('out_of_memory', `The model ran out of memory: ${message}`, {
        hint: 'Ask for a smaller picture or fewer frames.',
        cause,
      })
    : new EngineError('engine_failed', `The model failed while running: ${message}`, {
        hint: 'If the same request fails again, the model or the installation is at fault.',
        cause,
      })
}

/** onnxruntime's messages can be pages long. */
export function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.slice(0, 300)
}
