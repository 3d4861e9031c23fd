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
  /** Of the same chain: what waits for a final block waits here. */
  readonly finality: FinalityWatch
  readonly signer: Signer
  readonly profile: MechanismProfile
  /** The fencing counter of the lease that this process holds. */
  readonly fence: () => number
  readonly allowPrivateAddresses: boolean
  /** Whether a hotkey may set weights on this subnet, by the newest metagraph known. */
  readonly mayVerify: (hotkey: string) => boolean
  /** Whether provers take the stamps of this process. */
  readonly clock: ClockWatch
  /** The model that challenges ask for, with its standard shape. */
  readonly model: ChallengeModel
  /** Lines that prompts of checks are drawn from; empty: the grammar of the shipped model. */
  readonly corpus: readonly string[]
  /** Float32 values in state i of such a video of the model. */
  readonly stateSize: (shape: WorkShape, i: number) => number
  /** What each interval that starts from now on is given. */
  readonly settings: IntervalSettings
  /** GPUs behind the queue, for the budget of mechanism section 3. */
  readonly gpus: number
  /** For metrics: verdicts that were just written, each once. */
  readonly countVerdicts: (verdicts: readonly Pick<NewVerdict, 'kind' | 'verdict'>[]) => void
  readonly log: Log
  /** 32 fresh random bytes: an interval's secret. */
  readonly newSecret: () => Uint8Array
}

/**
 * How a deployment runs its intervals. Handed to each interval when it starts, not to the loop, which
 * outlives many deployments: a restart with other options takes effect with the next interval.
 */
export interface IntervalSettings {
  readonly gpuQueue: string
  /** Whose workers ask the rounds' provers, as they ask users'. */
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
