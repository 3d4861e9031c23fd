import type { EarlierAttempt } from '../../rules/routing/excluded-provers.js'
import type { VideoRun } from '../../rules/routing/video-run.js'
import type { AnswerRow, WideRequest, WideRound } from '../../rules/settle/settlement.js'

/** A user's request, whoever gets it. */
export interface UserRequest {
  readonly cameMs: number
  readonly counted: boolean
  readonly isUncommon: boolean
  readonly apiKeyId: string
  run: VideoRun
  readonly attempts: EarlierAttempt[]
}

/** A wide round at one prover, whose outcomes are not all known. */
export interface OpenWideRound {
  readonly found: Omit<WideRound, 'requests'>
  readonly requests: WideRequest[]
  /** Without an outcome. */
  left: number
}

/** A request at a prover. */
export interface SentRequest extends Pick<AnswerRow, 'requestId' | 'kind' | 'hotkey' | 'counted'> {
  /** The interval in which it was sent. */
  readonly n: number
  readonly uid: number
  readonly sentMs: number
  readonly gpus: number
  readonly inFlight: number
  /** Null for the verifier's own, and for a friend's. */
  readonly user: UserRequest | null
  /** Rounds of which it fills a slot, and whether it belongs to it. */
  readonly rounds: { readonly round: OpenWideRound; readonly ofRound: boolean }[]
  /** Null while it is not known. */
  outcome: AnswerRow['outcome'] | null
}
