/**
 * All constants of the mechanism: each with its unit in the name, its reason and its source. Changing one
 * changes what verifiers agree on (docs/decisions/0001-integer-mechanism.md). "README" is the original's.
 */
import type { Tier } from './tiers.js'

/** One, in parts per million: the unit of rewards, factors and scores. */
export const ONE_PPM = 1_000_000

// --- Tiers (README's table; its decimal factors apply, its percentages in brackets are mistakes) ---

/** Success rate that a tier requires, both of requests and of validations; null: none. */
export const TIER_RATE_PERMILLE: Record<Tier, number | null> = {
  challenger: 999,
  grandmaster: 999,
  gold: 949,
  silver: 949,
  bronze: null,
}

/** Total successes that a tier requires. Everyone starts in Bronze. */
export const TIER_MINIMUM_SUCCESSES: Record<Tier, number> = {
  challenger: 2_000_000,
  grandmaster: 700_000,
  gold: 14_000,
  silver: 3_500,
  bronze: 0,
}

/** A positive reward is multiplied by this. */
export const TIER_FACTOR_PPM: Record<Tier, number> = {
  challenger: 1_000_000,
  grandmaster: 850_000,
  gold: 720_000,
  silver: 550_000,
  bronze: 450_000,
}

/** Maximum users' requests that one verifier sends one prover in an interval; checks don't count. */
export const TIER_REQUEST_LIMIT: Record<Tier, number> = {
  challenger: 100_000,
  grandmaster: 25_000,
  gold: 14_000,
  silver: 3_500,
  bronze: 500,
}

/** Passed validations since the last move before a promotion: no tier is climbed on one lucky check. */
export const PROMOTION_VALIDATIONS = 3

// --- Similarity (README's thresholds; mean-centred cosine, mechanism.md section 2) ---

/**
 * Minimum cosine of an answer in a class that is not exact. It catches unrelated videos, not skipped work.
 */
export const COSINE_THRESHOLD_PPM: Record<Tier, number> = {
  challenger: 980_000,
  grandmaster: 950_000,
  gold: 900_000,
  silver: 850_000,
  bronze: 800_000,
}

// --- Rewards ---

/** Reward of a challenge that did not pass: −0.01 (the original's README). */
export const CHALLENGE_PENALTY_PPM = -10_000

/** A user's request that failed, or failed its check, weighs this many challenges (README: −0.05). */
export const FAILED_REQUEST_WEIGHT = 5

/** The reward in the verdict on such a request: weight times reward. */
export const INFERENCE_PENALTY_PPM = FAILED_REQUEST_WEIGHT * CHALLENGE_PENALTY_PPM

/**
 * Weight of an interval's observation in the score: alpha 0.05, about twenty intervals of memory (the
 * original's README).
 */
export const MOVING_AVERAGE_ALPHA_PPM = 50_000

/**
 * A score without any evidence keeps 999/1000 per interval: half is left after 693 intervals, about a month.
 */
export const IDLE_SCORE_PERMILLE = 999

/**
 * Number of settled intervals, including the one being settled, whose wide rounds and offers prove a
 * capacity: as long as the score's memory, 1 / alpha.
 */
export const SHARE_WINDOW_INTERVALS = 20

/**
 * One API key counts for at most max(20, a tenth) of a prover's successes, so that no friend can buy it a
 * tier.
 */
export const API_KEY_FLOOR = 20
export const API_KEY_SHARE_DIVISOR = 10

// --- An interval's time ---

/** Seconds per block on Bittensor, for converting a tier's request limit to GPUs. */
export const BLOCK_SECONDS = 12

/** How many blocks ahead interval 1 begins, so that the commitment to its secret is public before. */
export const FIRST_INTERVAL_LEAD_BLOCKS = 4

/** An unsettled interval lapses no sooner than this after its last block: a restart takes less. */
export const LAPSE_SECONDS = 15 * 60

/**
 * A verifier that is back this soon after an interval's first block still judges it, however short it is.
 */
export const RESTART_SECONDS = 30

/** Settling waits at least this long after the last block for audits. */
export const AUDIT_PATIENCE_SECONDS = 60

/**
 * If this many provers, of as many owners and networks, are unreachable at one instant, the verifier's own
 * network is at fault.
 */
export const OWN_NETWORK_PROVERS = 3

// --- Openings (mechanism.md section 4) ---

/** How long after `done` an answer can be opened: provers keep states this long. */
export const OPEN_WINDOW_MS = 180_000

/** Maximum number of different openings of a request: a prover need not reveal more. */
export const OPENINGS_MAX = 2

/**
 * How often an opening is requested before silence counts as refusal: a lost packet must not cost a tier.
 */
export const OPENING_TRIES = 3

/**
 * Blocks after delivery during which silence does not count as refusal: a prover's time to restart. 156 s on
 * Bittensor.
 */
export const OPENING_PATIENCE_BLOCKS = 13

/** How many openings are computed together: the model is warm, and a verdict does not wait long. */
export const SPOT_CHECK_BATCH = 32

// --- GPU budget of an interval, in percent of the verifier's GPU time (mechanism.md section 3) ---

/** Ground truths of challenges. */
export const CHALLENGE_GPU_PERCENT = 30

/** Recomputations of audits. */
export const AUDIT_GPU_PERCENT = 20

/**
 * All checks together; spot checks take what is left. The rest is headroom for confirmations and retries.
 */
export const TOTAL_GPU_PERCENT = 90

/** More challenge rounds than this would fill a workflow's history; a 3090's budget pays for about forty. */
export const MAX_ROUNDS = 100

// --- Who is asked (mechanism.md section 3) ---

/**
 * How often per interval all provers are asked at the same instant, which reveals one GPU behind many
 * hotkeys.
 */
export const WIDE_ROUNDS = 2

/** One runs, one waits. */
export const CAPACITY_PER_GPU = 2

/**
 * A hotkey that declares more GPUs counts as having this many: a wide round sends twice as many requests at
 * once.
 */
export const GPUS_MAX = 64

/** A sample's other half comes from the quarter whose last full check is longest ago. */
export const STALE_SHARE_DIVISOR = 4

// --- Deadlines ---

/**
 * A deadline allows 11/5 of the certified time: for the request itself, for one running ahead of it, and a
 * tenth of both for noise. Nothing extends it: a prover with more to do refuses.
 */
export const DEADLINE_NUMERATOR = 11
export const DEADLINE_DENOMINATOR = 5

/**
 * A deadline also allows as many cold starts: this request and the one running ahead of it may each be the
 * first of their size on that GPU.
 */
export const DEADLINE_COLD_STARTS = 2

/** Frames get an extra millisecond per this many bytes: 16 Mbit/s, which any server's connection has. */
export const FRAMES_BYTES_PER_MS = 2_000

/** Never less than this: start-up, network and a first retry fit in. Milliseconds. */
export const DEADLINE_FLOOR_MS = 10_000

/** The same if provers and verifier share two cores. Milliseconds. */
export const SHARED_MACHINE_DEADLINE_FLOOR_MS = 30_000

/**
 * Time for an answer's first record: a reachable prover sends `accepted` at once, however long its queue is.
 */
export const FIRST_RECORD_MS = 5_000

/** Time between two records once a request is running: a step that takes longer counts as stalled. */
export const STALL_MS = 20_000

/**
 * How far ahead of our clock the timestamp of a `taken` may be, like that of any signed request.
 * Milliseconds.
 */
export const TAKEN_AHEAD_MS = 2_000

/**
 * Maximum work of a request, as a multiple of the standard work: a larger one would block those behind it for
 * too long. Gateways refuse larger ones from users, provers from callers.
 */
export const REQUEST_WORK_FACTOR = 4

// --- Challenges look like users' requests ---

/** How many of the newest requests supply the shapes. */
export const SHAPE_REQUESTS = 200

/**
 * Only requests that count shape challenges, and only up to this multiple of the standard work: somebody who
 * sends a hundred tiny requests or a huge one must not decide what a verifier computes and pays for.
 */
export const SHAPE_WORK_FACTOR = 4
/** Checks are cancelled as often as users' requests, but no more than one in so many. */
export const CANCELLED_SHARE_DIVISOR = 10

// --- Prompts of checks (mechanism.md section 3) ---

/** Minimum lines of a corpus in production: a prover could learn a smaller one by heart. */
export const CORPUS_LINES_MIN = 10_000

/** Lines of the corpus that one interval draws from: its plan and its record contain them. */
export const CORPUS_SAMPLE = 1_000

/**
 * The corpus weighs as much as this many user prompts in the draw of a check's prompt. With as many user
 * prompts, a corpus unlike the traffic would give away half of the checks; with 500, one in 21.
 */
export const CORPUS_AS_PROMPTS = 25

/** Users' prompts of the last day that one interval draws from, the newest. */
export const REUSED_PROMPTS_MAX = 500

/**
 * And this many per API key: somebody who sends prompts that a prover knows must not supply most of them.
 */
export const REUSED_PROMPTS_PER_KEY = 50

// --- Routing (docs/architecture.md, "A user's request") ---

/** Provers expected within 5/4 = 1.25 of the soonest are as good as the soonest. */
export const ROUTING_NEAR_NUMERATOR = 5
export const ROUTING_NEAR_DENOMINATOR = 4

/**
 * Share of requests that try Bronze and provers without fresh measurements: 5 %, or new ones would never be
 * tried.
 */
export const EXPLORE_PPM = 50_000

/** Latency is the median over this many of a prover's last answers. */
export const LATENCY_ANSWERS = 20

/** Consecutive failures are counted among this many last outcomes: a breaker's whole memory. */
export const BREAKER_OUTCOMES = 10

/** Checks a prover must pass after a cheat before it gets users' requests like others: decision 0004. */
export const CHECKS_AFTER_CHEAT = 5

/**
 * A prover without an answer for this long counts as unmeasured. Milliseconds: longer than an interval, which
 * measures all.
 */
export const MEASUREMENT_FRESH_MS = 7_200_000

/** How long this verifier sends no user's request to a prover that refused one. Milliseconds. */
export const BACKOFF_429_MS = 10_000

/**
 * After an outcome, a prover is sent no user's request for a random time up to this: otherwise whoever held a
 * place would refill it at once, and under overload each prover would end up with a single verifier.
 * Milliseconds.
 */
export const PAUSE_MAX_MS = 2_000

/** How long the breaker keeps a prover out after its first failure; doubles with each further one. */
export const BREAKER_FIRST_MS = 5_000

/** The longest time that a breaker stays open: a repaired prover is back within an interval. */
export const BREAKER_MAX_MS = 300_000

/**
 * A second prover is asked after this multiple of the time that the first was expected to take to its first
 * step.
 */
export const HEDGE_FACTOR = 3

/**
 * The minimum wait before that, as a share of the deadline's floor: 2 s of 10, which leaves time to ask a
 * second prover within the 5 s for the first record.
 */
export const HEDGE_FLOOR_DIVISOR = 5

/** One in this many of a prover's requests in an interval may be hedged: decision 0006. */
export const HEDGE_SHARE_DIVISOR = 20

/** How many provers may fail one request; each attempt counts for its prover. */
export const ATTEMPT_FAILURES_MAX = 4

/**
 * How long a request waits while no prover is free, and how often: two minutes in total. If provers are only
 * cooling down, it waits until the first may be asked, and that is not counted. Milliseconds.
 */
export const ATTEMPT_WAIT_MS = 2_000
export const ATTEMPT_WAITS_MAX = 60

/** A round that finds all provers full or left alone waits as a user's request does, but no longer. Milliseconds. */
export const SAMPLE_PATIENCE_MS = 30_000

/** And no longer than this part of the interval: a short one could not settle meanwhile. */
export const SAMPLE_PATIENCE_DIVISOR = 20

/**
 * Each request of a sample is sent at a random moment within this part of the time that its work takes, so that
 * neither an owner of several provers nor an observer of connections recognises a round (decision 0021).
 */
export const SAMPLE_DELAY_DIVISOR = 10

/** And within this time at least, however quick the model is: users seldom send three at once. Milliseconds. */
export const SAMPLE_DELAY_LEAST_MS = 500

// --- Certificates ---

/** Number of runs with equal bytes that make a determinism class exact. */
export const CERTIFICATE_RUNS = 100

/** A class's tolerance is this multiple of its measured deviation: future runs may deviate more. */
export const DEVIATION_MARGIN = 4
/**
 * Minimum tolerance of one step, in 10^-9 of the denoiser's prediction. Measured over 25 steps of both small
 * models: the same step with a different order of summation is off by at most 26,000, half-precision weights
 * by at least 661,000, guidance that is wrong by a hundredth by 4,000,000.
 */
export const STEP_TOLERANCE_MIN = 130_000
/** Minimum tolerance of a frame, in 8-bit levels: a value between two levels may be rounded either way. */
export const FRAME_TOLERANCE_MIN = 1

/** A prover checks its own class again after this long without work (mechanism.md section 2). */
export const CLASS_CHECK_IDLE_MS = 3_600_000
/** And under load once per interval, which it can only tell by time: 360 blocks of 12 s. */
export const CLASS_CHECK_LOAD_MS = 4_320_000

/** The largest weight on the chain. */
export const U16_MAX = 65_535
