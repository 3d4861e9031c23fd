import type { Log } from '../base/log.js'
import type { Engine } from '../engine/engine.js'
import type { Database } from '../ledger/database.js'

/** What a GPU worker's activities need. It holds no hotkey. */
export interface GpuDeps {
  readonly db: Database
  readonly generator: Engine
  /**
   * Opens a second, freshly loaded session of the same model, to confirm a result before it accuses anybody.
   */
  readonly openFresh: () => Promise<Engine>
  /** Called after each task, before the next is taken. */
  readonly taskEnded: () => void | Promise<void>
  readonly log: Log
}
