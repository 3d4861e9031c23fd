import { messageOf } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import { EngineError, type EngineErrorCode } from '../errors.js'
import type { ModelDescriptor } from '../model/descriptor.js'
import type { ModelFiles } from '../model/model-files.js'
import type { ModelShape } from '../model/model-shape.js'
import type { Device, Generated, GenerationWarning } from '../pipeline/generator.js'
import type { OpenedStep, RecomputedStep } from '../pipeline/recompute-step.js'

/** What the engine's thread is started with. */
export interface ThreadData {
  files: ModelFiles
  device: Device
  /** Shared memory of a NativeGate. */
  gate: Int32Array<SharedArrayBuffer>
}

export type ToThread =
  | { type: 'generate'; params: GenerationParams; frames: boolean; states: boolean }
  | { type: 'recompute'; params: GenerationParams; opened: OpenedStep }
  | { type: 'class' }
  | { type: 'cancel' }
  /** The hook of the `frame` or `state` with this id is done. */
  | { type: 'ack'; id: number }
  | { type: 'close' }

export type FromThread =
  | {
      type: 'opened'
      model: OpenedModel
      determinismClass: string
      software: Record<string, string>
      /** A new one for each thread or process that opens a model. */
      instance: string
      /** Hashes of the folder's files that this process knows: `tellSums`. */
      sums: string
    }
  | { type: 'class'; determinismClass: string }
  | { type: 'warning'; warning: GenerationWarning }
  | { type: 'progress'; step: number; steps: number }
  | { type: 'frame'; id: number; index: number; rgb: Uint8Array }
  | { type: 'state'; id: number; i: number; tensors: readonly Float32Array[] }
  | { type: 'generated'; generated: Generated }
  | { type: 'recomputed'; recomputed: RecomputedStep }
  /** Opening, the generation or the recomputation failed. */
  | { type: 'failed'; error: PlainError }

/** What is known about a model outside of the thread that holds it. */
export interface OpenedModel {
  root: Hex
  shape: ModelShape
  descriptor: ModelDescriptor | null
}

export interface PlainError {
  code: EngineErrorCode
  message: string
  hint: string | undefined
  cause: string | undefined
}

export function toPlainError(error: unknown): PlainError {
  if (error instanceof EngineError) {
    const { code, message, hint, cause } = error
    return { code, message, hint, cause: cause === undefined ? undefined : messageOf(cause) }
  }
  const cause = error instanceof Error ? error.stack : undefined
  return { code: 'engine_failed', message: messageOf(error), hint: undefined, cause }
}

export function fromPlainError({ code, message, hint, cause }: PlainError): EngineError {
  return new EngineError(code, message, {
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
  })
}
