import type { Log } from '../base/log.js'
import type { Signer } from '../base/sr25519.js'
import type { Chain } from '../chain/chain.js'
import type { ModelStandard, WorkShape } from '../formats/video-shape.js'
import type { Database } from '../ledger/database.js'
import type { NewVerdict } from '../ledger/judging/verdicts.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import type { MechanismProfile } from '../rules/profile.js'
import type { ClockWatch } from './shared/clock-watch.js'
import type { FinalityWatch } from './shared/finality-watch.js'

/** What the verifier's activities need; made once by its worker. The key stays in this process. */
export interface VerifierDeps {
  readonly id: VerifierId
  readonly db: Database
  readonly chain: Chain
  /** For the same chain; everything that waits for a final block uses it. */
  readonly finality: FinalityWatch
  readonly signer: Signer
  readonly profile: MechanismProfile
  /** The fencing token of the lease that this process holds. */
  readonly fence: () => number
  readonly allowPrivateAddresses: boolean
  /**
   * Whether a hotkey may set weights on this subnet, according to the newest known metagraph, and has been allowed to for so
   * many milliseconds.
   */
  readonly mayVerify: (hotkey: string, forMs?: number) => boolean
  /** Whether provers accept the timestamps of this process. */
  readonly clock: ClockWatch
  /** The model used in challenges, with its standard shape. */
  readonly model: ChallengeModel
  /** Lines that prompts of checks are drawn from; empty: the grammar of the bundled model. */
  readonly corpus: readonly string[]
  /** Number of float32 values in state i of a video of this shape. */
  readonly stateSize: (shape: WorkShape, i: number) => number
  /** The settings for each interval that starts from now on. */
  readonly settings: IntervalSettings
  /** GPUs behind the queue, for the budget of mechanism section 3. */
  readonly gpus: number
  /** For metrics: called once for each newly written verdict. */
  readonly countVerdicts: (verdicts: readonly Pick<NewVerdict, 'kind' | 'verdict'>[]) => void
  readonly log: Log
  /** 32 fresh random bytes: an interval's secret. */
  readonly newSecret: () => Uint8Array
}

/**
 * How a deployment runs its intervals. Passed to each interval when it starts, not to the loop, which
 * outlives many deployments: a restart with other options takes effect with the next interval.
 */
export interface IntervalSettings {
  readonly gpuQueue: string
  /** The queue whose workers ask the rounds' provers, as they do for users. */
  readonly inferenceQueue: string
  /** How long ledger activities retry: max(half an interval, 90 s). */
  readonly ledgerPatienceSeconds: number
  /** How long settling waits for its audits after the last block: max(half an interval, 60 s). */
  readonly auditPatienceSeconds: number
  readonly setWeights: boolean
}

/** The standard shape of the model (its `fractal.json`), and its root. */
export interface ChallengeModel extends Readonly<ModelStandard> {
  readonly root: string
}
