import type { Log } from '../base/log.js'
import type { Generator } from '../engine/pipeline/generator.js'
import type { Database } from '../ledger/database.js'

/** What a GPU worker's activities need. It holds no key of the chain. */
export interface GpuDeps {
  readonly db: Database
  readonly generator: Generator
  /** A second, freshly loaded session of the same model: for what would accuse somebody. */
  readonly openFresh: () => Promise<Generator>
  /** Runs the class's known answer in the session given. */
  readonly knownAnswerHolds: (generator: Generator) => Promise<boolean>
  readonly log: Log
}
