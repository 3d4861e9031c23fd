import type { VideoCost } from './video-cost.js'

/** How fast the demo's time runs: what a machine can follow. */
export interface Pace {
  readonly intervalBlocks: number
  /** One request of the demo's users in so many milliseconds. */
  readonly userEveryMs: number
  /** With `--once`: beyond this nothing will come. */
  readonly intervalTimeoutMs: number
  /** How long a video is expected to take while everybody is at work. */
  readonly videoMs: number
}

/** An interval begins, settles and sets its weights within ten blocks: longer ones are only waited for. */
export const BLOCK_MS = 1000
/** What the demo looks best with. */
const QUIET_INTERVAL_MS = 20_000
/** Somebody watches: a machine that would need longer falls behind, and is said to. */
const INTERVAL_MS_MAX = 120_000

/** Programs of our own that are busy at the same time: the GPU worker, and one or two provers. */
const OWN_BUSY = 2.5
/**
 * Videos that the GPU worker computes one after another in an interval, at least: one or two ground truths, an audit,
 * fifteen spot checks of a twelfth each, and for a round and the audits each a fresh session with its known answer, and
 * the second computations of what differed. Loading the model counts as one.
 */
const GPU_VIDEOS = 10
/**
 * Videos that provers generate in an interval: twelve intervals of the demo had 12 to 21 answers of five provers, the
 * villains' with half the work: two wide rounds, seldom a challenge, and what the demo's users ask for.
 */
const PROVER_VIDEOS = { each: 2.5, together: 4 }
/**
 * How much of the processors is left for videos: the rest is for databases, the chain, and frames on their
 * way.
 */
const VIDEO_SHARE = 0.7
/** The demo's users ask a bit more than three times an interval, however long that is. */
const USERS_AN_INTERVAL = 20 / 6
/** A whole interval and its audits, and as much as long again for a machine that got slower. */
const TIMEOUT_INTERVALS = 3
const TIMEOUT_MIN_MS = 180_000

/**
 * Programs of others that kept the machine's cores busy while a video was measured: beside that, as many programs of
 * our own start as there are cores.
 */
export function othersBusy({ wallMs, cpuMs }: VideoCost, cores: number): number {
  const contention = wallMs / Math.max(1, cpuMs)
  return Math.max(0, contention * cores - 1 - cores)
}

/**
 * The interval length with which the GPU worker, and all provers together, keep up on this machine.
 * @param cores processors that programs may use
 */
export function choosePace(cost: VideoCost, cores: number, provers: number): Pace {
  const others = othersBusy(cost, cores)
  const videoMs = cost.cpuMs * Math.max(1, (others + OWN_BUSY) / cores)
  const videos = GPU_VIDEOS + PROVER_VIDEOS.each * provers + PROVER_VIDEOS.together
  // Other programs get an equal part of the processors.
  const slowdown = Math.max(1, (others + OWN_BUSY) / Math.max(cores, OWN_BUSY))
  const allMs = (videos * cost.cpuMs * slowdown) / (VIDEO_SHARE * cores)
  const neededMs = Math.max(GPU_VIDEOS * videoMs, allMs)
  const intervalMs = Math.min(INTERVAL_MS_MAX, Math.max(QUIET_INTERVAL_MS, neededMs))
  const intervalBlocks = Math.ceil(intervalMs / BLOCK_MS)
  const length = intervalBlocks * BLOCK_MS
  return {
    intervalBlocks,
    userEveryMs: Math.round(length / USERS_AN_INTERVAL),
    intervalTimeoutMs: Math.max(TIMEOUT_MIN_MS, TIMEOUT_INTERVALS * length),
    videoMs: Math.round(videoMs),
  }
}

/** In one line: what was measured, and what was chosen for it. */
export function paceLine(cost: VideoCost, cores: number, pace: Pace): string {
  const others = Math.round(othersBusy(cost, cores))
  const beside = others === 0 ? '' : `, about ${others} other busy ${plural(others, 'program')}`
  return [
    `a video takes ${seconds(cost.wallMs)} here (${seconds(cost.cpuMs)} of processor time;`,
    `${cores} ${plural(cores, 'core')}${beside}):`,
    `blocks of ${seconds(BLOCK_MS)}, intervals of ${pace.intervalBlocks} blocks`,
    `(${seconds(BLOCK_MS * pace.intervalBlocks)})`,
  ].join(' ')
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`
}

/** 1234 → "1.2 s", 20_000 → "20 s". */
export function seconds(ms: number): string {
  const text =
    ms < 10_000 ? (ms / 1000).toFixed(1).replace(/\.0$/, '') : String(Math.round(ms / 1000))
  return `${text} s`
}
