const BUSY = 0
const SHUT = 1
/** Longer than any network call of a reasonable size; after that, the process ends anyway. */
const PATIENCE_MS = 30_000

/**
 * Keeps a process from exiting during a native call in its engine thread: onnxruntime-node aborts the whole
 * process if its thread is terminated in the middle of a call, so `process.exit(0)` would end with signal 6.
 * Both threads have a gate on the same shared memory.
 */
export class NativeGate {
  readonly shared: Int32Array<SharedArrayBuffer>

  constructor(shared = new Int32Array(new SharedArrayBuffer(8))) {
    this.shared = shared
  }

  /** In the engine's thread: runs the call, or waits forever once the gate is shut. */
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

  /** In the main thread, when the process exits: lets no new call begin, and waits for the current one. */
  shut(): void {
    Atomics.store(this.shared, SHUT, 1)
    Atomics.wait(this.shared, BUSY, 1, PATIENCE_MS)
  }
}
