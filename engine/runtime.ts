import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { messageOf } from '../base/errors.js'
import { EngineError } from './errors.js'

/** What is used of onnxruntime-node. */
export type Runtime = typeof import('onnxruntime-node')

/**
 * Loaded only when a model is opened: its native library must not slow down or break commands that
 * need no engine.
 * @throws EngineError `runtime_missing`
 */
export async function loadRuntime(): Promise<Runtime> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    throw new EngineError(
      'runtime_missing',
      `onnxruntime does not load on ${process.platform} ${process.arch}.`,
      { hint: 'Run npm ci again; Linux on x64 or arm64 and macOS on arm64 are supported.', cause },
    )
  }
}

/**
 * Runs a session for its only output. onnxruntime-node blocks the thread while it runs, so what runs
 * between two calls (cancellation, other work) waits for the call's end.
 * @throws EngineError `out_of_memory`, `engine_failed`
 */
export async function runSession(
  session: InferenceSession,
  feeds: Record<string, Tensor>,
): Promise<Float32Array> {
  try {
    const outputs = await session.run(feeds)
    return outputs[session.outputNames[0]!]!.data as Float32Array
  } catch (cause) {
    throw runtimeError('The model failed while running', cause)
  }
}

/** @param what a sentence's beginning: `The model failed while running` */
export function runtimeError(what: string, cause: unknown): EngineError {
  const message = messageOf(cause).split('\n', 1)[0]!.slice(0, 300)
  if (
    /bad_alloc|out of memory|failed to allocate|allocate memory|CUBLAS_STATUS_ALLOC/i.test(message)
  ) {
    return new EngineError('out_of_memory', `${what}: not enough memory (${message}).`, {
      hint: 'Ask for a smaller picture or fewer frames.',
      cause,
    })
  }
  return new EngineError('engine_failed', `${what}: ${message}`, {
    hint: 'If the same request fails again, the model or the installation is at fault.',
    cause,
  })
}
