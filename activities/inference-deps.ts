import type { Log } from '../base/log.js'
import type { Signer } from '../base/sr25519.js'
import type { Chain } from '../chain/chain.js'
import type { Hex } from '../formats/bytes.js'
import type { Database } from '../ledger/database.js'
import type { JobSignals } from '../ledger/requests/job-signals.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import type { ClockWatch } from './shared/clock-watch.js'
import type { ProverRoutes } from './video/prover-routes.js'

/** What the inference worker's activities need. It holds the hotkey: provers answer to it alone. */
export interface InferenceDeps {
  readonly id: VerifierId
  readonly db: Database
  /** Says when a job changed. */
  readonly signals: JobSignals
  readonly signer: Signer
  readonly genesisHash: Hex
  /** Where the verifier's own rounds find provers. */
  readonly chain: Pick<Chain, 'metagraph' | 'finalized' | 'genesisHash' | 'blockSeconds'>
  readonly allowPrivateAddresses: boolean
  /** Whether a hotkey may set weights on this subnet, by the newest metagraph known. */
  readonly mayVerify: (hotkey: string) => boolean
  /** Whether provers take the stamps of this process. */
  readonly clock: ClockWatch
  /** Who can be asked, of this verifier's provers. */
  readonly routes: ProverRoutes
  /** The chain's newest block, as far as it is known. */
  readonly block: () => number
  /** The least deadline of a request, in milliseconds (the profile's). */
  readonly deadlineFloorMs: number
  /** The least wait before a second prover is asked, in milliseconds. */
  readonly hedgeFloorMs: number
  readonly log: Log
  /** A whole number from 0 and below `below`, each as likely: the router's choices. */
  readonly random: (below: number) => number
  /** A fresh UUIDv4: one for each attempt at a prover. */
  readonly newRequestId: () => string
}
