const BUSY = 0
const SHUT = 1
/** Longer than a network's call of any sane size; then the process ends as it may. */
const PATIENCE_MS = 30_000

/**
 * Keeps a process from ending inside a native call of its engine thread: onnxruntime-node aborts the
 * whole process when its thread is taken away in the middle of a call, so that `process.exit(0)`
 * would end with signal 6. Both threads hold a gate over the same shared memory.
 */
export class NativeGate {
  readonly shared: Int32Array<SharedArrayBuffer>

  constructor(shared = new Int32Array(new SharedArrayBuffer(8))) {
    this.shared = shared
  }

  /** In the engine's thread: runs the call, or waits for ever once the gate is shut. */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    Atomics.store(this.shared, BUSY, 1)
    try {
      if (Atomics.load(this.shared, SHUT) === 0) return await call()
    } finally {
      Atomics.store(this.shared, BUSY, 0)
      Atomics.notify(this.shared, BUSY)
    }
    return new Promise<never>(() => {})
  }

  /** In the main thread, when the process ends: lets no call begin, and waits for the one under way. */
  shut(): void {
    Atomics.store(this.shared, SHUT, 1)
    Atomics.wait(this.shared, BUSY, 1, PATIENCE_MS)
  }
}
