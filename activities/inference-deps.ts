import type { Log } from '../base/log.js'
import type { Signer } from '../base/sr25519.js'
import type { Chain } from '../chain/chain.js'
import type { Hex } from '../formats/bytes.js'
import type { Database } from '../ledger/database.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import type { ClockWatch } from './shared/clock-watch.js'
import type { ProverRoutes } from './video/prover-routes.js'
import type { RunningJobs } from './video/running-jobs.js'

/**
 * What the inference worker's activities need. It holds the hotkey, because provers only answer requests
 * signed by it.
 */
export interface InferenceDeps {
  readonly id: VerifierId
  readonly db: Database
  /** What their users' cancels and watchers are told through. */
  readonly jobs: RunningJobs
  readonly signer: Signer
  readonly genesisHash: Hex
  /** For the verifier's own rounds, which read prover addresses from it. */
  readonly chain: Pick<Chain, 'metagraph' | 'finalized' | 'genesisHash' | 'blockSeconds'>
  readonly allowPrivateAddresses: boolean
  /**
   * Whether a hotkey may set weights on this subnet, according to the newest known metagraph, and has been allowed to for so
   * many milliseconds.
   */
  readonly mayVerify: (hotkey: string, forMs?: number) => boolean
  /** Whether provers accept the timestamps of this process. */
  readonly clock: ClockWatch
  /** Which of this verifier's provers can be asked. */
  readonly routes: ProverRoutes
  /** The chain's newest known block. */
  readonly block: () => number
  /** The minimum deadline of a request, in milliseconds (from the profile). */
  readonly deadlineFloorMs: number
  /** The minimum wait before a second prover is asked, in milliseconds. */
  readonly hedgeFloorMs: number
  readonly log: Log
  /** A uniform integer from 0, below `below`; for the router. */
  readonly random: (below: number) => number
  /** A fresh UUIDv4: one for each attempt at a prover. */
  readonly newRequestId: () => string
}
