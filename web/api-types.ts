/**
 * What the pages read of the API's answers. Only members that are shown stand here;
 * test/web/api-types.ts holds them against the server's own types.
 */

export const TIERS = ['challenger', 'grandmaster', 'gold', 'silver', 'bronze'] as const
export type Tier = (typeof TIERS)[number]

export type Verdict = 'pass' | 'cheat' | 'fail' | 'unproven' | 'abstained'
export type CheckKind = 'answer' | 'challenge' | 'audit' | 'spotcheck'

export type Phase =
  | 'announced'
  | 'open'
  | 'rounds'
  | 'audit'
  | 'settling'
  | 'settled'
  | 'lapsed'
  | 'missed'

export interface List<T> {
  readonly data: readonly T[]
}

export interface NetworkSummary {
  readonly verifier: string
  readonly netuid: number
  readonly model: string
  readonly profile: string | null
  readonly temporal_ui: string | null
}

export interface TierLine {
  readonly tier: Tier
  readonly provers: number
  readonly requirements: {
    readonly request_success_rate_minimum: string | null
    readonly total_successes_minimum: number | null
  }
  readonly reward_factor_ppm: number
}

export interface VerdictLine {
  readonly interval: number
  readonly kind: CheckKind
  readonly verdict: Verdict
  readonly reason: string
  readonly reason_text: string
  readonly decided_at: string
}

export interface Prover {
  readonly uid: number
  readonly hotkey: string
  readonly coldkey: string
  readonly tier: Tier
  readonly score_ppm: number
  readonly weight_u16: number | null
  readonly total_successes: number
  readonly present: boolean
  readonly reachable: boolean | null
  readonly unreachable_reason: string | null
  readonly capacity_requests: number | null
  readonly determinism_class: string | null
  readonly first_seen_at: string
  readonly last_settled_interval: {
    readonly n: number
    readonly request_success_rate: string | null
    readonly request_attempts: number
    readonly request_successes: number
    readonly validation_success_rate: string | null
    readonly checks_judged: number
    readonly checks_passed: number
    readonly cheats: number
  } | null
  readonly last_verdicts: readonly VerdictLine[]
}

/** A condition of a tier: what the prover has against what is needed. */
export interface TierCheck {
  readonly what: string
  readonly have: number
  /** Of how many attempts; null where nothing is attempted. */
  readonly of: number | null
  readonly need: number
  readonly bound: 'at_least' | 'at_most'
  readonly met: boolean
  readonly text: string
}

export interface TierChecks {
  readonly tier: Tier
  readonly checks: readonly TierCheck[]
}

export interface HistoryPoint {
  readonly n: number
  readonly settled_at: string | null
  readonly tier: Tier
  readonly score_ppm: number
  readonly observation_ppm: number | null
  readonly request_attempts: number
  readonly request_successes: number
  readonly checks_judged: number
  readonly checks_passed: number
  readonly cheats: number
  readonly total_successes: number
}

export interface ProverMove {
  readonly n: number
  readonly from_tier: Tier
  readonly to_tier: Tier
  readonly reason: string
  readonly reason_text: string
  readonly at: string
}

export interface ProverDetail extends Prover {
  readonly this_tier: TierChecks
  readonly next_tier: TierChecks | null
  /** The way straight back to Challenger, for who fell by downtime only. */
  readonly fast_return: TierChecks | null
  readonly why: string
  readonly score: {
    readonly score_ppm: number
    readonly before_ppm: number
    readonly observation_ppm: number | null
    readonly mean_reward_ppm: number | null
    readonly speed_factor_ppm: number
    readonly tier_factor_ppm: number
    readonly alpha_ppm: number
    readonly text: string
  } | null
  readonly history: readonly HistoryPoint[]
  readonly moves: readonly ProverMove[]
  readonly verdicts: readonly (VerdictLine & {
    readonly request_id: string
    readonly reward_ppm: number | null
  })[]
  readonly verdicts_next: string | null
  readonly breaker: {
    readonly state: 'closed' | 'open' | 'half_open'
    readonly failures_in_a_row: number
    readonly open_until: string | null
  }
  readonly routing: {
    /** Microseconds, times 10^6. */
    readonly latency_us_per_work: number | null
    readonly used_last_settled_interval: number
    readonly requests_per_interval_limit: number
    readonly last_resort: boolean
    readonly text: string
  }
  readonly detection: { readonly text: string }
}

export interface Commitment {
  readonly interval: number
  readonly secret_sha256: string
  readonly signature: string
}

export interface IntervalLine {
  readonly n: number
  readonly first_block: number
  readonly last_block: number
  readonly phase: Phase
  readonly failure: string | null
  readonly opened_at: string | null
  readonly settled_at: string | null
  readonly provers: number
  /** Null, as the counts below, until it is final. */
  readonly checks: number | null
  readonly passes: number | null
  readonly cheats: number | null
  readonly fails: number | null
  readonly request_attempts: number | null
  readonly request_successes: number | null
  readonly moves: number
  readonly weights: { readonly kind: string; readonly state: string | null } | null
  readonly record_hash: string | null
}

export interface IntervalList extends List<IntervalLine> {
  readonly has_more: boolean
  readonly newest_commitment: Commitment | null
}

export interface IntervalCheck {
  readonly request_id: string
  readonly hotkey: string
  readonly kind: CheckKind
  readonly verdict: Verdict
  readonly reason: string
  readonly reason_text: string
  readonly reward_ppm: number | null
  readonly decided_at: string
}

export interface IntervalScore {
  readonly uid: number
  readonly hotkey: string
  readonly tier_before: Tier
  readonly tier_after: Tier
  readonly move_reason: string | null
  readonly request_attempts: number
  readonly request_successes: number
  readonly checks_judged: number
  readonly checks_passed: number
  readonly cheats: number
  readonly observation_ppm: number | null
  readonly score_before_ppm: number
  readonly score_after_ppm: number
}

export interface Interval {
  readonly n: number
  readonly first_block: number
  readonly last_block: number
  readonly first_block_hash: string | null
  readonly phase: Phase
  readonly failure: string | null
  readonly failed: boolean
  readonly retryable: boolean
  readonly temporal_url: string | null
  readonly profile: string | null
  readonly commitment: Commitment | null
  readonly opened_after: number | null
  readonly announced_at: string
  readonly opened_at: string | null
  readonly closed_at: string | null
  readonly settled_at: string | null
  readonly rounds:
    | readonly {
        readonly round: number
        readonly moment_block: number
        readonly requests: number
      }[]
    | null
  readonly verdicts: readonly IntervalCheck[] | null
  readonly verdicts_next: string | null
  readonly scores: readonly IntervalScore[]
  readonly moves: readonly {
    readonly uid: number
    readonly hotkey: string
    readonly from_tier: Tier
    readonly to_tier: Tier
    readonly reason_text: string
    readonly at: string
  }[]
  readonly weights: {
    readonly kind: string
    readonly state: string
    readonly reason: string | null
    /** Null until a block shows them. */
    readonly uids: readonly number[] | null
    readonly values_u16: readonly number[] | null
    /** Of the newest commit, where the subnet hides weights first. */
    readonly commit_block: number | null
    readonly reveal_first_block: number | null
    readonly reveal_last_block: number | null
    readonly included_block: number | null
    readonly included_hash: string | null
    readonly read_back_ok: boolean | null
  } | null
  readonly record: {
    readonly hash: string
    readonly previous_hash: string | null
    readonly signature: string | null
    readonly signed_at: string | null
    /** Whether it can be read. */
    readonly public: boolean
  } | null
}

export interface Video {
  readonly id: string
  readonly status: 'queued' | 'in_progress' | 'completed' | 'failed'
  /** Per cent. */
  readonly progress: number
  readonly queue_position: number | null
  readonly model: string
  readonly prompt: string
  readonly negative_prompt: string
  readonly seconds: string
  readonly size: string
  /** Seconds since 1970, as all times of a video. */
  readonly created_at: number
  readonly completed_at: number | null
  readonly expires_at: number | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly seed: number
  readonly steps: number
  readonly guidance_scale: number
  readonly num_frames: number
  readonly fps: number
  readonly counted: boolean
  readonly cancel_requested: boolean
  readonly warnings: readonly string[]
  readonly prover: string | null
}

export interface VideoList extends List<Video> {
  readonly last_id: string | null
  readonly has_more: boolean
}

export interface VideoFrame {
  readonly attempt: string
  /** From 1. */
  readonly index: number
  readonly frames: number
  /** A data: address of a PNG. */
  readonly image: string
}

export type VideoEvent =
  | { readonly type: 'video.updated' | 'video.completed' | 'video.failed'; readonly video: Video }
  | ({ readonly type: 'video.frame' } & VideoFrame)

export interface Model {
  readonly id: string
  readonly standard: {
    readonly steps: number
    readonly guidance_scale: number
    readonly num_frames: number
    readonly size: string
    readonly fps: number
  }
  readonly limits: Readonly<Record<string, number>>
}

/** What a prover signed for one video, and what the verifier found. */
export interface Receipt {
  readonly video_id: string
  readonly request_id: string
  readonly prover: string
  readonly verifier: string
  readonly netuid: number
  readonly genesis_hash: string
  readonly seed: number
  readonly model: string
  readonly counted: boolean
  readonly width: number
  readonly height: number
  readonly num_frames: number
  readonly request: {
    readonly body: string
    readonly body_sha256: string
    /** Empty where none was kept. */
    readonly nonce: string
    readonly signature: string
  }
  readonly answer: {
    readonly frames_sha256: string
    readonly trace_root: string
    readonly determinism_class: string
    readonly class_sha256: string
    readonly model_root: string
    readonly signature: string
    readonly signed_text: string
  }
  readonly elapsed_ms: number | null
  readonly completed_at: number
  readonly interval: number | null
  readonly judgment: {
    readonly state: 'judged' | 'not_judged' | 'not_yet_public'
    readonly verdict: Verdict | null
    readonly reason: string | null
    readonly reason_text: string | null
  }
}
