import type { ModelStandard, VideoShape } from '../../formats/video-shape.js'
import type { MechanismProfile } from '../profile.js'
import type { PromptSources } from './draw-prompt.js'

/** What recent users' requests looked like, without their texts. */
export interface RequestShape extends VideoShape {
  /** Whether it had a negative prompt. */
  negativePrompt: boolean
  /** Whether its stream was closed before its end, by its user or because another prover began first. */
  cancelled: boolean
}

/** What an interval's own requests are drawn from. */
export interface RequestInput extends PromptSources {
  model: ModelStandard
  /** They imitate these; if empty, the model's standard request. */
  recentRequests: readonly RequestShape[]
}

export interface PlanInput extends RequestInput {
  profile: MechanismProfile
  /** The interval's number. */
  n: number
  firstBlock: number
  /** Blocks. */
  length: number
  budget: { usPerVideo: number; gpus: number; blockMs: number }
}

/**
 * `challenge`: a sample of provers is asked, and the verifier computes the same. `wide`: every prover is
 * asked at the same instant.
 */
export type RoundKind = 'challenge' | 'wide'

export interface PlannedRound {
  kind: RoundKind
  /** From 0, counted per kind. */
  round: number
  /** Milliseconds from the interval's first block. */
  momentMs: number
}

export interface IntervalPlan {
  /** Ordered by moment. */
  rounds: PlannedRound[]
}
