import type { Log } from '../base/log.js'
import type { Signer } from '../base/sr25519.js'
import type { Chain } from '../chain/chain.js'
import type { Database } from '../ledger/database.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import type { MechanismProfile } from '../rules/profile.js'

/** What the verifier's activities need; made once by its worker. The key stays in this process. */
export interface VerifierDeps {
  readonly id: VerifierId
  readonly db: Database
  readonly chain: Chain
  readonly signer: Signer
  readonly profile: MechanismProfile
  /** The fencing counter of the lease that this process holds. */
  readonly fence: () => number
  readonly allowPrivateAddresses: boolean
  /** The model that challenges ask for, with its standard shape. */
  readonly model: ChallengeModel
  /** GPUs behind the queue, for the budget of mechanism section 3. */
  readonly gpus: number
  readonly log: Log
  /** 32 fresh random bytes: an interval's secret. */
  readonly newSecret: () => Uint8Array
}

/** The standard shape of the model (its `fractal.json`), and its root. */
export interface ChallengeModel {
  readonly name: string
  readonly root: string
  readonly steps: number
  readonly guidanceMilli: number
  readonly frames: number
  readonly width: number
  readonly height: number
  readonly fps: number
}
