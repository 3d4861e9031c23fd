import type { Log } from '../base/log.js'
import type { Engine } from '../engine/engine.js'
import type { Database } from '../ledger/database.js'

/** What a GPU worker's activities need. It holds no key of the chain. */
export interface GpuDeps {
  readonly db: Database
  readonly generator: Engine
  /** A second, freshly loaded session of the same model: for what would accuse somebody. */
  readonly openFresh: () => Promise<Engine>
  /** Called after each task, before the next is taken. */
  readonly taskEnded: () => void | Promise<void>
  readonly log: Log
}
