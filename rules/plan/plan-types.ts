import type { UndatedBody } from '../../formats/generation.js'
import type { ModelStandard, VideoShape } from '../../formats/video-shape.js'
import type { MechanismProfile } from '../profile.js'
import type { ProverKey } from '../settle/settlement.js'

/** A prover that may be asked. */
export interface PlanCandidate extends ProverKey {
  uid: number
  coldkey: string
  /** Its public /24, as `a.b.c`; null for loopback and private addresses, which form no group. */
  network: string | null
  /** The last interval in which something of it was checked; null when nothing ever was. */
  lastEvidenceN: number | null
}

/** What recent users' requests looked like, without their texts. */
export interface RequestShape extends VideoShape {
  /** Whether it had a negative prompt. */
  negativePrompt: boolean
  /** Whether the client read it as a stream. */
  stream: boolean
}

export interface PlanInput {
  profile: MechanismProfile
  /** The interval's number. */
  n: number
  firstBlock: number
  /** Blocks; the last one is firstBlock + length − 1. */
  length: number
  provers: readonly PlanCandidate[]
  /** Challenges look like these; empty: the model's standard request. */
  recentRequests: readonly RequestShape[]
  /** Texts to draw prompts from; empty: the grammar of prompts.ts. Never users' texts. */
  prompts: readonly string[]
  model: ModelStandard
  budget: { usPerVideo: number; gpus: number; blockMs: number }
}

export interface PlanItem extends ProverKey {
  round: number
  /** Place in the round, from 0. */
  k: number
  requestId: string
  momentBlock: number
  /** When it is asked again after a refusal: later moments, the second not before the first. */
  retryBlocks: [number, number]
  /** Whether it is read as a client's stream would be. */
  stream: boolean
  body: UndatedBody
}

export interface PlanRound {
  round: number
  momentBlock: number
  /** What its provers have in common, when the round asks one group at the same instant. */
  group: PlanGroup | null
  items: PlanItem[]
}

export interface PlanGroup {
  by: 'coldkey' | 'network'
  value: string
}

export interface IntervalPlan {
  rounds: PlanRound[]
}
