import { shiftSigma } from './flow-sigmas.js'
import type { Scheduler, SolverState, SolverStep } from './scheduler.js'

const f = Math.fround
const TRAIN_STEPS = 1000

export interface UniPcConfig {
  shift: number
}

/** A noise level; all float32. */
interface Level {
  alpha: number
  sigma: number
  /** log(alpha / sigma) */
  lambda: number
}

/** From one level to the next: next = keep · x − gain · x0 − gain · correction. */
interface Move {
  keep: number
  gain: number
  /** For second order: the position of the previous level, in units of this distance. */
  ratio: number
  h: number
}

/**
 * UniPC (Zhao et al. 2023, arXiv 2302.04867; B₂(h), order 2, of data predictions) on a flow, like
 * UniPCMultistepScheduler in diffusers 0.42.1 with the options that the config's schema allows; earlier
 * releases space the noise levels differently. Every operation is rounded to float32 as in torch. Each step
 * first corrects the previous step using the new prediction. It keeps the corrected latents and the last two
 * data predictions.
 */
export function uniPc(config: UniPcConfig): Scheduler {
  return {
    kept: [2, 3],
    steps: (count) => {
      const { timesteps, sigmas } = uniPcSchedule(config, count)
      const levels = sigmas.map(levelOf)
      return timesteps.map(
        (timestep, i): SolverStep => ({
          timestep,
          noiseScale: sigmas[i]!,
          next: (state, velocity) => step(levels, i, state, velocity),
        }),
      )
    },
  }
}

/** Timesteps, and float32 noise levels, of which there is one more; the last is 0. */
export function uniPcSchedule(
  { shift }: UniPcConfig,
  count: number,
): { timesteps: number[]; sigmas: number[] } {
  const shifted = Array.from({ length: count }, (_, i) =>
    shiftSigma(i * ((1 / TRAIN_STEPS - 1) / count) + 1, shift),
  )
  // At 1, the signal is 0 and its logarithm infinite.
  if (Math.abs(shifted[0]! - 1) < 1e-6) shifted[0]! -= 1e-6
  return {
    timesteps: shifted.map((sigma) => Math.trunc(sigma * TRAIN_STEPS)),
    sigmas: [...shifted.map(f), 0],
  }
}

/**
 * @param state latents, then, from the second step on, the previously corrected latents, the last data
 * prediction, and the one before that
 */
function step(
  levels: readonly Level[],
  i: number,
  [latents, corrected, previous, beforePrevious]: SolverState,
  velocity: Float32Array,
): SolverState {
  const { sigma } = levels[i]!
  const isLast = i === levels.length - 2
  // Loops, here and below: a callback for each value takes several times as long, while the GPU waits.
  const x0 = new Float32Array(latents.length)
  for (let k = 0; k < x0.length; k++) x0[k] = latents[k]! - f(sigma * velocity[k]!)
  const from =
    corrected === undefined ? latents : correct(levels, i, corrected, previous!, beforePrevious, x0)
  const next = predict(levels, i, from, x0, isLast ? undefined : previous)
  if (isLast) return [next]
  return previous === undefined ? [next, from, x0] : [next, from, x0, previous]
}

/** Recomputes the latents of level i from the previous ones and the predictions at both. */
function correct(
  levels: readonly Level[],
  i: number,
  before: Float32Array,
  previous: Float32Array,
  beforePrevious: Float32Array | undefined,
  x0: Float32Array,
): Float32Array {
  const move = moveBetween(levels, i - 1)
  const { keep, gain, ratio } = move
  const [past, now] = beforePrevious === undefined ? [0, 0.5] : weights(move)
  const corrected = new Float32Array(before.length)
  for (let k = 0; k < corrected.length; k++) {
    const last = previous[k]!
    const plain = f(f(keep * before[k]!) - f(gain * last))
    let correction = f(now * f(x0[k]! - last))
    if (beforePrevious !== undefined) {
      correction = f(f(past * f(f(beforePrevious[k]! - last) / ratio)) + correction)
    }
    corrected[k] = plain - f(gain * correction)
  }
  return corrected
}

/** @param previous the previous data prediction; undefined for a first-order step */
function predict(
  levels: readonly Level[],
  i: number,
  from: Float32Array,
  x0: Float32Array,
  previous: Float32Array | undefined,
): Float32Array {
  const { keep, gain, ratio } = moveBetween(levels, i)
  const next = new Float32Array(from.length)
  for (let k = 0; k < next.length; k++) {
    const plain = f(f(keep * from[k]!) - f(gain * x0[k]!))
    next[k] =
      previous === undefined
        ? plain
        : plain - f(gain * f(0.5 * f(f(previous[k]! - x0[k]!) / ratio)))
  }
  return next
}

/** From level i to the next. */
function moveBetween(levels: readonly Level[], i: number): Move {
  const [before, now, next] = [levels[i - 1], levels[i]!, levels[i + 1]!]
  const h = f(next.lambda - now.lambda)
  return {
    keep: f(next.sigma / now.sigma),
    gain: f(next.alpha * f(Math.expm1(-h))),
    ratio: before === undefined ? 0 : f(f(before.lambda - now.lambda) / h),
    h,
  }
}

/**
 * The corrector's second-order weights: (ρ₁, ρ₂) in [[1, 1], [r, 1]] · ρ = b, solved like LAPACK: with
 * pivoting, and by reciprocals.
 */
function weights({ h, ratio: r }: Move): [past: number, now: number] {
  const phi = f(Math.expm1(-h))
  const first = f(f(phi / -h) - 1)
  const b1 = f(first / phi)
  const b2 = f(f(f(f(first / -h) - 0.5) * 2) / phi)
  if (Math.abs(r) > 1) {
    const inverse = f(1 / r)
    const now = f(f(b1 - inverse * b2) * f(1 / f(1 - inverse)))
    return [f(f(b2 - now) * inverse), now]
  }
  const now = f(f(b2 - r * b1) * f(1 / f(1 - r)))
  return [f(b1 - now), now]
}

function levelOf(sigma: number): Level {
  const alpha = f(1 - sigma)
  return { alpha, sigma, lambda: f(f(Math.log(alpha)) - f(Math.log(sigma))) }
}
