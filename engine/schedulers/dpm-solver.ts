import type { Scheduler } from './scheduler.js'

const f = Math.fround

/** The noise schedule that the model was trained with. */
export interface DpmSolverConfig {
  trainSteps: number
  betaStart: number
  betaEnd: number
  betaSchedule: 'linear' | 'scaled_linear'
}

/** The constants of one denoising step; all float32 values. */
interface DpmStep {
  /** The denoiser's input. */
  timestep: number
  /** x0 = (latents − sigma · noise) / alpha. */
  alpha: number
  sigma: number
  /** next latents = keep · latents − gain · x0 − (gain / 2) · slope · (x0 − previous x0). */
  keep: number
  gain: number
  /** 0 in first-order steps: the first and the last one. */
  slope: number
}

/** The solver's state includes its last data prediction. */
export function dpmSolver(config: DpmSolverConfig): Scheduler {
  return {
    kept: [1],
    steps: (count) =>
      solverSteps(config, count).map((step, i) => ({
        timestep: step.timestep,
        noiseScale: step.sigma / step.alpha,
        next: ([latents, previousX0], noise) => {
          const next = solverStep(step, latents, noise, previousX0 ?? null)
          return i === count - 1 ? [next.latents] : [next.latents, next.x0]
        },
      })),
  }
}

/**
 * DPM-Solver++ 2M, midpoint (Lu et al. 2022, arXiv 2211.01095), like diffusers' DPMSolverMultistepScheduler
 * with the options that the config's schema allows: linspace timesteps, last sigma zero, first order at the
 * end. Every operation is rounded to float32 as in torch, so that the last bits of Math.exp and Math.log
 * don't affect the result. The initial noise's sigma is 1.
 * @param steps 1 … trainSteps
 */
export function solverSteps(config: DpmSolverConfig, steps: number): DpmStep[] {
  const trained = trainedSigmas(config)
  const timesteps = Array.from({ length: steps }, (_, i) =>
    roundHalfEven((steps - i) * ((config.trainSteps - 1) / steps)),
  )
  const noise = [...timesteps.map((t) => alphaSigma(trained[t]!)), alphaSigma(0)]
  return timesteps.map((timestep, i) => {
    const [before, now, next] = [noise[i - 1], noise[i]!, noise[i + 1]!]
    const h = f(next.lambda - now.lambda)
    const last = i === steps - 1
    // With nearly as many steps as in training, two timesteps can coincide: then there is no slope.
    const hBefore = before === undefined ? 0 : f(now.lambda - before.lambda)
    return {
      timestep,
      alpha: now.alpha,
      sigma: now.sigma,
      keep: f(next.sigma / now.sigma),
      gain: f(next.alpha * f(f(Math.exp(-h)) - 1)),
      slope: last || hBefore === 0 ? 0 : f(1 / f(hBefore / h)),
    }
  })
}

/**
 * One step of the solver.
 * @param noise the denoiser's prediction, with guidance applied
 * @param previousX0 from the previous step; null in the first
 * @returns new arrays of the latents' length
 */
export function solverStep(
  step: DpmStep,
  latents: Float32Array,
  noise: Float32Array,
  previousX0: Float32Array | null,
): { latents: Float32Array; x0: Float32Array } {
  const { alpha, sigma, keep, gain } = step
  const halfGain = f(0.5 * gain)
  const slope = previousX0 === null ? 0 : step.slope
  const x0 = new Float32Array(latents.length)
  const next = new Float32Array(latents.length)
  for (let i = 0; i < latents.length; i++) {
    const clean = f(f(latents[i]! - f(sigma * noise[i]!)) / alpha)
    x0[i] = clean
    let value = f(f(keep * latents[i]!) - f(gain * clean))
    if (slope !== 0) {
      value = f(value - f(halfGain * f(slope * f(clean - previousX0![i]!))))
    }
    next[i] = value
  }
  return { latents: next, x0 }
}

/** sqrt((1 − ᾱ) / ᾱ) for each trained timestep. */
function trainedSigmas({ trainSteps, betaStart, betaEnd, betaSchedule }: DpmSolverConfig) {
  const scaled = betaSchedule === 'scaled_linear'
  const [from, to] = scaled ? [Math.sqrt(betaStart), Math.sqrt(betaEnd)] : [betaStart, betaEnd]
  // torch.linspace counts from the nearer end; torch.cumprod accumulates in double.
  const step = f((f(to) - f(from)) / (trainSteps - 1))
  let product = 1
  return Array.from({ length: trainSteps }, (_, i) => {
    const even = i < trainSteps / 2 ? f(from) + step * i : f(to) - step * (trainSteps - 1 - i)
    const beta = scaled ? f(f(even) * f(even)) : f(even)
    product *= f(1 - beta)
    const cumulative = f(product)
    return f(Math.sqrt(f(f(1 - cumulative) / cumulative)))
  })
}

function alphaSigma(ratio: number): { alpha: number; sigma: number; lambda: number } {
  const alpha = f(1 / f(Math.sqrt(f(f(ratio * ratio) + 1))))
  const sigma = f(ratio * alpha)
  return { alpha, sigma, lambda: f(f(Math.log(alpha)) - f(Math.log(sigma))) }
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest === 0.5) return floor + (floor & 1)
  return rest > 0.5 ? floor + 1 : floor
}
