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

/** The version that records are written in. */
export const RECORD_VERSION = 'fractal-record/4'
/**
 * Versions that are read. 2 had no cold price: deadlines were made without one. Up to 3 a score rose in Bronze without a
 * check.
 */
export const RECORD_VERSIONS = ['fractal-record/2', 'fractal-record/3', RECORD_VERSION] as const
export type RecordVersion = (typeof RECORD_VERSIONS)[number]
/** Versions from before decision 0029. */
export const PAYS_UNCHECKED: readonly RecordVersion[] = ['fractal-record/2', 'fractal-record/3']

/**
 * The public record of an interval (mechanism.md section 7): everything a stranger needs to recompute it with
 * the functions in rules/. In a file, it is canonical JSON with the same fields in snake_case; docs/files.md
 * describes it for other implementations. The meaning of a field may change only with the version.
 */
export interface PublicRecord {
  version: RecordVersion
  genesisHash: Hex
  netuid: number
  /** ss58 */
  verifier: string
  n: number
  firstBlock: number
  /** Blocks. */
  length: number
  /** Null if it lapsed before it opened. */
  firstBlockHash: Hex | null
  /** The settled interval whose tiers it opened with. */
  openedAfter: number | null
  /** The previous record; null for the first. */
  previous: { n: number; hash: Hex } | null
  /** The intervals since then that have no record. */
  missed: { n: number; because: MissedCause | null }[]
  outcome: 'settled' | 'lapsed'
  profile: RecordedProfile | null
  modelRoot: Hex
  secret: Hex | null
  /** The verifier's commitment for this interval, made before it began, and the one for the next. */
  commitment: RecordedCommitment | null
  nextCommitment: RecordedCommitment | null
  certificates: RecordedCertificate[]
  /** Provers when the interval opened, by uid. */
  opening: OpenedProver[]
  plan: RecordedPlan | null
  /** Ordered by moment. */
  rounds: RecordedRound[]
  /** Ordered by round and index. */
  challenges: RecordedChallenge[]
  wideRounds: AskedWideRound[]
  audits: RecordedAudits | null
  /**
   * The provers that `answers`, `wideRounds`, `dueWideRounds`, `window` and `otherChecks` refer to by index.
   */
  provers: ProverKey[]
  /** Every request whose outcome belongs to this interval, and its challenges without one. */
  answers: AnswerColumns
  /** Checks that count here, of requests that are not among the answers. */
  otherChecks: (Omit<CheckRow, keyof ProverKey> & { prover: number })[]
  /** For each `cheat` that counts here: the hash of the file that proves it (docs/evidence.md). */
  evidence: RecordedEvidence[]
  /** Null for a lapsed interval, like the following fields. */
  standings: ProverState[] | null
  dueWideRounds: DueWideRound[] | null
  /** The settled intervals before this one, oldest first. */
  window: WindowInterval[] | null
  certifiedUsPerWork: number | null
  standardWork: number | null
  settlement: Settlement | null
  weights: RecordedWeights | null
}

/** The profile, with the stake limit in rao as a decimal integer. */
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
  /**
   * µs that the first video of a size takes longer; 0 on a CPU. Null if an older version certified: certify
   * again.
   */
  coldUs: number | null
  /**
   * For a spot check: floor(µs · 10^6 / (frames · width · height)). Null if an older version certified:
   * certify again.
   */
  spotCheckUsPerPixel: number | null
  /** The largest deviation of a step between runs, in 10^-9 of the prediction; null as above. */
  stepDeviation: number | null
  /** The largest deviation of a frame between runs, in 8-bit levels; null as above. */
  frameDeviation: number | null
  /** Name of the profile that required this many runs. */
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
  /** Concurrent requests that it declares. */
  capacity: number | null
  hasAddress: boolean
  reachable: boolean
}

/**
 * What the interval's own requests are drawn from, in addition to its secret and the hash of its first block.
 */
export interface RecordedPlan extends RequestInput {
  /** The provers that its rounds may ask, each with the interval of its last full check before. */
  provers: (ProverKey & { lastFullCheckN: number | null; hasAddress: boolean })[]
  /** The certified time when it was drawn: floor(µs · 10^6 / work). */
  gpuUsPerWork: number | null
  /** The certified cold price at that moment, µs. */
  gpuColdUs: number
  budget: Omit<GpuTime, 'length'>
  spotChecks: RecordedSpotChecks
}

/**
 * B and C of mechanism.md section 3, and what C was computed from; null if an older version opened the
 * interval.
 */
export interface RecordedSpotChecks {
  budgetUs: number | null
  costUs: number | null
  usPerPixel: number | null
  /** Delivered by the previous interval, without challenges. */
  pixels: number | null
  /** What the interval's spot checks were expected to cost when they were drawn. */
  spentUs: number
}

export interface RecordedRound extends PlannedRound {
  /** Its index among the rounds that began; null if it never did. */
  begun: number | null
  /** Hotkeys of the provers it left out. */
  busy: string[]
}

export interface RecordedChallenge extends ProverKey {
  requestId: string
  round: number
  k: number
  deadlineMs: number
  bodySha256: Hex
  /** The request; null if it used a user's prompt: then the record has its hash. */
  body: string | null
  promptSha256: Hex | null
}

/** The provers that a wide round of this interval asked: all with an address. */
export interface AskedWideRound {
  round: number
  provers: { prover: number; gpus: number; inFlight: string[] }[]
}

export interface RecordedAudits {
  /** Drawn, by request id. */
  drawn: string[]
  /** The maximum that could be drawn. */
  max: number
  /** Answers whose opening had been refused when audits were drawn. */
  openingRefused: string[]
}

export interface RecordedEvidence {
  requestId: string
  kind: CheckRow['kind']
  sha256: Hex
}

/** A wide round whose last outcome came in this interval. */
export interface DueWideRound {
  n: number
  round: number
  prover: number
  gpus: number
  requests: DueWideRequest[]
}

/** What is among the record's answers is not repeated. */
export type DueWideRequest = Pick<WideRequest, 'requestId' | 'ofRound' | 'lost'> & {
  elsewhere: Pick<AnswerRow, 'kind' | 'counted' | 'outcome' | 'gpus' | 'inFlight' | 'taken'> | null
}

export interface WindowInterval {
  n: number
  counts: (ShareCounts & { prover: number })[]
}

/** What the vector was computed from in addition to the settlement's scores, and the vector as decided. */
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
