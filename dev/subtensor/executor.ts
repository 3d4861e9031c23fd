import { createRequire } from 'node:module'
import type { JsCallback, RuntimeVersion } from '@acala-network/chopsticks-core'
import type { StorageChanges, StorageHex, StorageReader } from './storage.js'

type Executor = typeof import('@acala-network/chopsticks-core/wasm-executor/index')

export interface CallResult {
  /** What the last call returned. */
  readonly result: StorageHex
  /** What all calls together changed. */
  readonly changes: StorageChanges
}

/** The runtime panicked or trapped; the message is its own. */
export class RuntimeTrap extends Error {}

/** How many chains of this process use the one thread that chopsticks starts. */
let users = 0

/** Runs a runtime's functions in chopsticks' WebAssembly thread. */
export class RuntimeExecutor {
  readonly #executor: Executor
  readonly #wasm: StorageHex

  private constructor(executor: Executor, wasm: StorageHex) {
    this.#executor = executor
    this.#wasm = wasm
  }

  static async start(wasm: StorageHex): Promise<RuntimeExecutor> {
    const executor = loadExecutor()
    users += 1
    return new RuntimeExecutor(executor, wasm)
  }

  version(): Promise<RuntimeVersion> {
    return this.#executor.getRuntimeVersion(this.#wasm)
  }

  stateRoot(entries: ReadonlyMap<StorageHex, StorageHex>): Promise<StorageHex> {
    return this.#executor.calculateStateRoot([...entries], 1)
  }

  /**
   * Calls functions of the runtime one after the other, each seeing what those before it changed. Most of
   * the time goes into starting the runtime, which happens once for all of them.
   * @throws RuntimeTrap
   */
  async run(
    calls: readonly (readonly [name: string, argument: StorageHex])[],
    reader: StorageReader,
  ): Promise<CallResult> {
    const response = await this.#executor.runTask(
      {
        wasm: this.#wasm,
        calls: calls.map(([name, argument]) => [name, [argument]]),
        mockSignatureHost: false,
        allowUnresolvedImports: true,
        runtimeLogLevel: 0,
      },
      handlerOf(reader),
    )
    if ('Error' in response) throw new RuntimeTrap(response.Error)
    return { result: response.Call.result, changes: response.Call.storageDiff }
  }

  async close(): Promise<void> {
    users -= 1
    if (users === 0) await this.#executor.destroyWorker()
  }
}

/**
 * Chopsticks in its CommonJS form, for the reason in base/crypto.ts. It reads the level of its own log
 * from LOG_LEVEL when it is loaded, and would print ten lines a block.
 */
function loadExecutor(): Executor {
  const before = process.env.LOG_LEVEL
  process.env.LOG_LEVEL = 'fatal'
  try {
    return createRequire(import.meta.url)('@acala-network/chopsticks-core/wasm-executor/index')
  } finally {
    if (before === undefined) delete process.env.LOG_LEVEL
    else process.env.LOG_LEVEL = before
  }
}

function handlerOf(reader: StorageReader): JsCallback {
  const none = () => Promise.reject(new Error('there is no offchain worker here'))
  return {
    getStorage: async (key) => reader.get(key),
    getNextKey: async (prefix, key) => reader.keyAfter(prefix, key),
    offchainGetStorage: none,
    offchainTimestamp: none,
    offchainRandomSeed: none,
    offchainSubmitTransaction: none,
  }
}
