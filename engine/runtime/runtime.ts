import { EngineError } from '../errors.js'

/** The onnxruntime-node module. */
export type Runtime = typeof import('onnxruntime-node')

/**
 * Loaded only when a model is opened: its native library must not slow down or break commands that don't need
 * the engine.
 * @throws EngineError `runtime_missing`
 */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const runtime = await import('onnxruntime-node')
    // Errors are thrown, and logged by us: its own coloured lines would repeat them.
    runtime.env.logLevel = 'fatal'
    return runtime
  } catch (cause) {
    throw new EngineError(
      'runtime_missing',
      `onnxruntime does not load on ${process.platform} ${process.arch}.`,
      { hint: 'Run npm ci again; Linux on x64 or arm64 and macOS on arm64 are supported.', cause },
    )
  }
}
