/**
 * All constants of the mechanism: unit in the name, reason and source beside it. Changing one changes
 * what verifiers agree on (docs/decisions/0001-integer-mechanism.md). "README" is the original's.
 */
import type { Tier } from './tiers.js'

/** One, in parts per million: the unit of rewards, factors and scores. */
export const ONE_PPM = 1_000_000

// --- Tiers (README's table; its decimal factors hold, its percentages in brackets are slips) ---

/** Success rate a tier asks for, of requests and of validations alike; null asks for nothing. */
export const TIER_RATE_PERMILLE: Record<Tier, number | null> = {
  challenger: 999,
  grandmaster: 999,
  gold: 949,
  silver: 949,
  bronze: null,
}

/** Total successes at which a tier opens. Everyone starts in Bronze. */
export const TIER_MINIMUM_SUCCESSES: Record<Tier, number> = {
  challenger: 2_000_000,
  grandmaster: 700_000,
  gold: 14_000,
  silver: 3_500,
  bronze: 0,
}

/** What a positive reward is multiplied with. */
export const TIER_FACTOR_PPM: Record<Tier, number> = {
  challenger: 1_000_000,
  grandmaster: 850_000,
  gold: 720_000,
  silver: 550_000,
  bronze: 450_000,
}

/** Users' requests one verifier sends one prover in an interval; challenges and checks don't count. */
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

/** Least cosine of an answer in a class that is not exact. They stop strangers' videos, not thrift. */
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

/** A user's request that failed or did not pass its check weighs so many challenges (README: −0.05). */
export const FAILED_REQUEST_WEIGHT = 5

/** What a verdict says of such a request: weight times reward. */
export const INFERENCE_PENALTY_PPM = FAILED_REQUEST_WEIGHT * CHALLENGE_PENALTY_PPM

/** Weight of an interval's observation in the score: alpha 0.05, about twenty intervals of memory (the original's README). */
export const MOVING_AVERAGE_ALPHA_PPM = 50_000

/** A score without any evidence keeps 999 of 1000 parts an interval: half is left after 693, a month. */
export const IDLE_SCORE_PERMILLE = 999

/**
 * Settled intervals, the one being settled included, whose wide rounds and offers prove a capacity: as long as
 * the score's memory, 1 / alpha.
 */
export const SHARE_WINDOW_INTERVALS = 20

/** One API key counts at most max(20, a tenth) of a prover's successes: nobody's friend buys a tier. */
export const API_KEY_FLOOR = 20
export const API_KEY_SHARE_DIVISOR = 10

// --- An interval's time ---

/** A block of Bittensor's, in seconds: what a tier's limit of requests is turned into GPUs with. */
export const BLOCK_SECONDS = 12

/** How many blocks ahead interval 1 begins: its secret's commitment is public before it. */
export const FIRST_INTERVAL_LEAD_BLOCKS = 4

/** The least time after its last block before an unsettled interval lapses: a restart takes less. */
export const LAPSE_SECONDS = 15 * 60

/** A verifier that is back so soon after an interval's first block still judges it, however short it is. */
export const RESTART_SECONDS = 30

/** Settling waits at least so long after the last block for its audits. */
export const AUDIT_PATIENCE_SECONDS = 60

/** So many provers, owners and networks that can't be reached at one instant are the verifier's own network. */
export const OWN_NETWORK_PROVERS = 3

// --- Openings (mechanism.md section 4) ---

/** How long after `done` an answer can be opened: states are kept for so long. */
export const OPEN_WINDOW_MS = 180_000

/** Different openings of a request: what more of them would show, a prover need not give away. */
export const OPENINGS_MAX = 2

/** Times that an opening is asked for before silence is a refusal: a lost packet must not cost a tier. */
export const OPENING_TRIES = 3

/** Blocks after delivery in which silence is no refusal: the time that a prover has to restart. On Bittensor 156 s. */
export const OPENING_PATIENCE_BLOCKS = 13

/** So many openings are computed together: the model is warm, and a verdict does not wait for long. */
export const SPOT_CHECK_BATCH = 32

// --- GPU budget of an interval, in percent of the verifier's GPU time (mechanism.md section 3) ---

/** Ground truths of challenges. */
export const CHALLENGE_GPU_PERCENT = 30

/** Recomputations of audits. */
export const AUDIT_GPU_PERCENT = 20

/** All checks together; spot checks take what is left. The rest is air for confirmations and retries. */
export const TOTAL_GPU_PERCENT = 90

/** Rounds of challenges beyond so many would fill a workflow's history; a 3090's budget pays for some forty. */
export const MAX_ROUNDS = 100

// --- Who is asked (mechanism.md section 3) ---

/** Times an interval that every prover is asked at the same instant: one GPU behind many hotkeys shows then. */
export const WIDE_ROUNDS = 2

/** One runs, one waits. */
export const CAPACITY_PER_GPU = 2

/** A hotkey that declares more GPUs than this counts as having so many: a wide round asks for twice as much at once. */
export const GPUS_MAX = 64

/** A sample's other half comes from the quarter whose last full check is longest ago. */
export const STALE_SHARE_DIVISOR = 4

// --- Deadlines ---

/**
 * A deadline allows 11/5 of the certified time: for the request itself, for one that is at work before it,
 * and a tenth of both for noise. Nothing lengthens it: who has more to do refuses.
 */
export const DEADLINE_NUMERATOR = 11
export const DEADLINE_DENOMINATOR = 5

/** The frames have a millisecond more for each so many bytes: 16 Mbit/s, which any server's line has. */
export const FRAMES_BYTES_PER_MS = 2_000

/** Never less than this: start-up, network and a first retry fit in. Milliseconds. */
export const DEADLINE_FLOOR_MS = 10_000

/** The same where provers and verifier share two cores. Milliseconds. */
export const SHARED_MACHINE_DEADLINE_FLOOR_MS = 30_000

/** Until an answer's first record: whoever is there says `accepted` at once, however long its queue is. */
export const FIRST_RECORD_MS = 5_000

/** Between two records once a request is at work: a step that takes longer is taken for a standstill. */
export const STALL_MS = 20_000

/** How far ahead of our clock the stamp of a `taken` may be, as of any signed request. Milliseconds. */
export const TAKEN_AHEAD_MS = 2_000

/**
 * The most work that a request asks for, in times of the standard work: whatever comes behind more of it
 * would be refused for too long. Gateways refuse more to users, provers to callers.
 */
export const REQUEST_WORK_FACTOR = 4

// --- Challenges look like users' requests ---

/** The newest so many of them give the shapes. */
export const SHAPE_REQUESTS = 200

/**
 * Only requests that count shape challenges, and none of more than so many times the standard work:
 * who sends a hundred tiny or one huge request must not decide what a verifier computes and pays for.
 */
export const SHAPE_WORK_FACTOR = 4

// --- Prompts of checks (mechanism.md section 3) ---

/** Lines that a corpus needs where it counts: of fewer a prover could learn them all. */
export const CORPUS_LINES_MIN = 10_000

/** Lines of it that one interval draws from: its plan and its record hold them. */
export const CORPUS_SAMPLE = 1_000

/**
 * The corpus counts as so many of users' prompts: a check asks with a line of it with the chance of these among
 * all. Half of the checks would be betrayed by a corpus that is not as the traffic is; with 500 prompts of users
 * one in 21 is.
 */
export const CORPUS_AS_PROMPTS = 25

/** Users' prompts of the last day that one interval draws from, the newest. */
export const REUSED_PROMPTS_MAX = 500

/** And so many of one API key: whoever sends prompts that a prover knows must not send most of them. */
export const REUSED_PROMPTS_PER_KEY = 50

// --- Routing (docs/architecture.md, "A user's request") ---

/** Provers expected within 5/4 = 1.25 of the soonest are as good as the soonest. */
export const ROUTING_NEAR_NUMERATOR = 5
export const ROUTING_NEAR_DENOMINATOR = 4

/** Share of requests that try Bronze and provers without fresh measurements: 5 %, else nobody new is seen. */
export const EXPLORE_PPM = 50_000

/** Latency is the median over so many of a prover's last answers. */
export const LATENCY_ANSWERS = 20

/** Failures in a row are counted among so many last outcomes: as far as a breaker can remember. */
export const BREAKER_OUTCOMES = 10

/** Passed checks since a prover's last cheat, before users' requests go to it as to others: decision 0004. */
export const CHECKS_AFTER_CHEAT = 5

/** A prover without an answer for so long counts as unmeasured. Milliseconds: more than an interval, which measures all. */
export const MEASUREMENT_FRESH_MS = 7_200_000

/** How long a prover that refused a request is sent no user's by this verifier. Milliseconds. */
export const BACKOFF_429_MS = 10_000

/**
 * After an outcome a prover is sent no user's request for a random time of at most this: else whoever holds
 * a place refills it, and under overload each prover falls to one verifier. Milliseconds.
 */
export const PAUSE_MAX_MS = 2_000

/** How long the breaker keeps a prover out after its first failure; doubles with each further one. */
export const BREAKER_FIRST_MS = 5_000

/** The longest that a breaker stays open: a repaired prover is back within an interval. */
export const BREAKER_MAX_MS = 300_000

/** A second prover is asked after so many times what the first was expected to take to its first step. */
export const HEDGE_FACTOR = 3

/** The least wait before it, as a share of the deadline's floor: 2 s of 10, time for a second within the first record's 5. */
export const HEDGE_FLOOR_DIVISOR = 5

/** One in so many of a prover's requests in an interval may be hedged: decision 0006. */
export const HEDGE_SHARE_DIVISOR = 20

/** Provers that may fail one request; each attempt is an outcome of its prover. */
export const ATTEMPT_FAILURES_MAX = 4

/**
 * How long a request waits while nobody is free, and how often: two minutes in all. Where provers are only
 * left alone for a moment it waits until the first may be asked, and that is not counted. Milliseconds.
 */
export const ATTEMPT_WAIT_MS = 2_000
export const ATTEMPT_WAITS_MAX = 60

// --- Certificates ---

/** Runs with equal bytes that make a determinism class exact. */
export const CERTIFICATE_RUNS = 100

/** A class's tolerance is so many times what was measured of it: other runs deviate more than those that were seen. */
export const DEVIATION_MARGIN = 4
/**
 * The least tolerance of one step, in 10^-9 of the denoiser's prediction. Measured over 25 steps of both small models:
 * the same step with another order of summation is 26,000 off at most, weights in half precision 661,000 at least,
 * guidance a hundredth off 4,000,000.
 */
export const STEP_TOLERANCE_MIN = 130_000
/** The least tolerance of a frame, in levels of a byte: a value between two levels may be rounded either way. */
export const FRAME_TOLERANCE_MIN = 1

/** A prover looks at its own class again after so long without work (mechanism.md section 2). */
export const CLASS_CHECK_IDLE_MS = 3_600_000
/** And under load once in an interval, which it knows by time only: 360 blocks of 12 s. */
export const CLASS_CHECK_LOAD_MS = 4_320_000

/** The largest weight on the chain. */
export const U16_MAX = 65_535
