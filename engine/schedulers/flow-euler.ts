import { shiftSigma } from './flow-sigmas.js'
import type { Scheduler, SolverStep } from './scheduler.js'

const f = Math.fround
/** Training noise levels are 1/1000 … 1. */
const TRAIN_STEPS = 1000

export interface FlowEulerConfig {
  shift: number
}

/**
 * Euler's method for flow matching, like diffusers' FlowMatchEulerDiscreteScheduler with the options that the
 * config's schema allows. As there, the lowest noise level is shifted twice, and timesteps are not integers.
 * It keeps no other tensors.
 */
export function flowEuler(config: FlowEulerConfig): Scheduler {
  return {
    kept: [0],
    steps: (count) => {
      const sigmas = flowEulerSigmas(config, count)
      return sigmas.slice(0, count).map((sigma, i): SolverStep => {
        const distance = f(sigmas[i + 1]! - sigma)
        return {
          timestep: f(sigma * TRAIN_STEPS),
          noiseScale: -distance,
          next: ([latents], velocity) => [
            latents.map((value, k) => value + f(distance * velocity[k]!)),
          ],
        }
      })
    },
  }
}

/** count + 1 float32 noise levels, the last of them 0. */
export function flowEulerSigmas({ shift }: FlowEulerConfig, count: number): number[] {
  const least = f(1 / TRAIN_STEPS)
  const last = f(f(f(shift) * least) / f(1 + f(f(shift - 1) * least)))
  // numpy.linspace from 1000 to 1000 · last.
  const start = TRAIN_STEPS
  const stop = TRAIN_STEPS * last
  const step = (stop - start) / (count - 1)
  const sigmas = Array.from({ length: count }, (_, i) => {
    const at = i === 0 ? start : i === count - 1 ? stop : i * step + start
    return f(shiftSigma(at / TRAIN_STEPS, shift))
  })
  return [...sigmas, 0]
}
