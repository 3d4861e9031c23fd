import type { Hex } from '../../formats/bytes.js'
import type { MissedCause } from '../explain/missed-causes.js'
import type { GpuTime } from '../plan/gpu-budget.js'
import type { PlannedRound, RequestInput } from '../plan/plan-types.js'
import type { MechanismProfile } from '../profile.js'
import type {
  AnswerRow,
  CheckRow,
  ProverKey,
  ProverState,
  Settlement,
  ShareCounts,
  WideRequest,
} from '../settle/settlement.js'
import type { Tier } from '../tiers.js'
import type { AnswerColumns } from './answer-columns.js'

export const RECORD_VERSION = 'fractal-record/2'

/**
 * The public record of an interval (mechanism.md section 7): all that a stranger needs to compute it again with
 * the functions of rules/. In a file it is canonical JSON with the same members in snake_case; docs/audit.md
 * describes it for other implementations. Only its version may change what a member means.
 */
export interface PublicRecord {
  version: typeof RECORD_VERSION
  genesisHash: Hex
  netuid: number
  /** ss58 */
  verifier: string
  n: number
  firstBlock: number
  /** Blocks. */
  length: number
  /** Null of one that lapsed before it opened. */
  firstBlockHash: Hex | null
  /** The settled interval whose tiers it opened with. */
  openedAfter: number | null
  /** The record before; null of the first. */
  previous: { n: number; hash: Hex } | null
  /** The intervals since that have no record. */
  missed: { n: number; because: MissedCause | null }[]
  outcome: 'settled' | 'lapsed'
  profile: RecordedProfile | null
  modelRoot: Hex
  secret: Hex | null
  /** What the verifier committed to before the interval began, and what it had by then for the next one. */
  commitment: RecordedCommitment | null
  nextCommitment: RecordedCommitment | null
  certificates: RecordedCertificate[]
  /** Provers as the interval opened, by uid. */
  opening: OpenedProver[]
  plan: RecordedPlan | null
  /** By moment. */
  rounds: RecordedRound[]
  /** By round and place. */
  challenges: RecordedChallenge[]
  wideRounds: AskedWideRound[]
  audits: RecordedAudits | null
  /** Whom the numbers of `answers`, `wideRounds`, `dueWideRounds`, `window` and `otherChecks` stand for. */
  provers: ProverKey[]
  /** Every request whose outcome this interval has, and its challenges without one. */
  answers: AnswerColumns
  /** Checks that count here of requests that are not among the answers. */
  otherChecks: (Omit<CheckRow, keyof ProverKey> & { prover: number })[]
  /** Of checks that count here and are a `cheat`: the hash of the file that proves it (docs/evidence.md). */
  evidence: RecordedEvidence[]
  /** Null of an interval that lapsed, as what follows. */
  standings: ProverState[] | null
  dueWideRounds: DueWideRound[] | null
  /** Of the settled intervals before this one, oldest first. */
  window: WindowInterval[] | null
  certifiedUsPerWork: number | null
  standardWork: number | null
  settlement: Settlement | null
  weights: RecordedWeights | null
}

/** The profile; the limit of stake in rao, as an integer in decimal. */
export type RecordedProfile = Omit<MechanismProfile, 'vpermitTaoLimit'> & {
  vpermitLimitRao: string
}

export interface RecordedCommitment {
  secretSha256: Hex
  signature: string
}

export interface RecordedCertificate {
  determinismClass: string
  /** Equal bytes over all runs. */
  exact: boolean
  runs: number
  processes: number
  /** floor(µs · 10^6 / work) */
  usPerWork: number
  /** Of a spot check: floor(µs · 10^6 / (frames · width · height)). Null of a certificate without it: certify again. */
  spotCheckUsPerPixel: number | null
  /** The furthest that a step was from itself, in 10^-9 of the prediction; null as above. */
  stepDeviation: number | null
  /** The furthest that a frame was from itself, in levels of a byte; null as above. */
  frameDeviation: number | null
  /** Name of the profile that asked for so many runs. */
  profile: string
}

export interface OpenedProver extends ProverKey {
  uid: number
  coldkey: string
  tier: Tier
  totalSuccesses: number
  scorePpm: number
  determinismClass: string | null
  modelRoot: Hex | null
  /** Requests at once, as it declares. */
  capacity: number | null
  hasAddress: boolean
  reachable: boolean
}

/** What the interval's own requests are drawn from, besides its secret and the hash of its first block. */
export interface RecordedPlan extends RequestInput {
  /** Whom its rounds may ask; with the interval of the last full check of each before. */
  provers: (ProverKey & { lastFullCheckN: number | null; hasAddress: boolean })[]
  /** Certified when it was drawn: floor(µs · 10^6 / work). */
  gpuUsPerWork: number | null
  budget: Omit<GpuTime, 'length'>
  spotChecks: RecordedSpotChecks
}

/** B and C of mechanism.md section 3, and what C was made of; null where an older version opened the interval. */
export interface RecordedSpotChecks {
  budgetUs: number | null
  costUs: number | null
  usPerPixel: number | null
  /** Delivered by the interval before, but for challenges. */
  pixels: number | null
  /** What the interval's spot checks were expected to cost, as they were drawn. */
  spentUs: number
}

export interface RecordedRound extends PlannedRound {
  /** Its place among those that began, from 0; null: it never did. */
  begun: number | null
  /** Hotkeys without room at its moment. */
  busy: string[]
}

export interface RecordedChallenge extends ProverKey {
  requestId: string
  round: number
  k: number
  deadlineMs: number
  bodySha256: Hex
  /** The request, unless it asked with a user's texts: then the hash of their prompt is told. */
  body: string | null
  promptSha256: Hex | null
}

/** Whom a wide round of this interval asked: everyone with an address. */
export interface AskedWideRound {
  round: number
  provers: { prover: number; gpus: number; inFlight: string[] }[]
}

export interface RecordedAudits {
  /** Drawn, by request id. */
  drawn: string[]
  /** The most that could be drawn. */
  max: number
  /** Answers that had not been opened when they were drawn. */
  openingRefused: string[]
}

export interface RecordedEvidence {
  requestId: string
  kind: CheckRow['kind']
  sha256: Hex
}

/** Of a wide round whose last outcome came in this interval. */
export interface DueWideRound {
  n: number
  round: number
  prover: number
  gpus: number
  requests: DueWideRequest[]
}

/** What is among the record's answers is not told again. */
export type DueWideRequest = Pick<WideRequest, 'requestId' | 'ofRound' | 'lost'> & {
  elsewhere: Pick<AnswerRow, 'kind' | 'counted' | 'outcome' | 'gpus' | 'inFlight' | 'taken'> | null
}

export interface WindowInterval {
  n: number
  counts: (ShareCounts & { prover: number })[]
}

/** What the vector was made of besides the settlement's scores, and the vector, as it was decided. */
export interface RecordedWeights {
  kind: string
  reason: string | null
  block: { number: number; hash: Hex }
  /** Hotkeys of the subnet's neurons at that block, by uid. */
  neurons: string[]
  ownUid: number | null
  minAllowed: number
  maxWeightLimit: number
  uids: number[]
  values: number[]
}
