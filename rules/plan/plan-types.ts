import type { ModelStandard, VideoShape } from '../../formats/video-shape.js'
import type { MechanismProfile } from '../profile.js'
import type { PromptSources } from './draw-prompt.js'

/** What recent users' requests looked like, without their texts. */
export interface RequestShape extends VideoShape {
  /** Whether it had a negative prompt. */
  negativePrompt: boolean
  /** Whether its user cancelled it. */
  cancelled: boolean
}

/** What the requests that an interval sends of its own are drawn from. */
export interface RequestInput extends PromptSources {
  model: ModelStandard
  /** They look like these; empty: the model's standard request. */
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

/** `challenge`: a sample is asked for what the verifier computes too. `wide`: everybody is asked at the same instant. */
export type RoundKind = 'challenge' | 'wide'

export interface PlannedRound {
  kind: RoundKind
  /** From 0 among those of its kind. */
  round: number
  /** Milliseconds from the interval's first block. */
  momentMs: number
}

export interface IntervalPlan {
  /** By moment. */
  rounds: PlannedRound[]
}
