import { PRODUCTION_PROFILE } from '../../rules/profile.js'
import type { SimOptions } from './options.js'
import { chosenBehaviours } from './population.js'
import { type SimulationResult, simulate } from './simulation.js'
import { simulatedProfile } from './world.js'

/** One simulation, as it can be handed to a thread. */
export interface SimulationJob
  extends Pick<SimOptions, 'provers' | 'intervals' | 'verifierGpus' | 'behaviours'> {
  /** In percent. */
  readonly load: number
  readonly verifiers: number
  readonly seed: number
}

export interface FinishedJob {
  readonly result: SimulationResult
  readonly seconds: number
}

export type ThreadAnswer = { readonly done: FinishedJob } | { readonly failed: string }

/** Each load, number of verifiers and seed is a simulation of its own; they know nothing of each other. */
export function jobsOf(options: SimOptions): SimulationJob[] {
  const { provers, intervals, verifierGpus, behaviours } = options
  return options.verifiers.flatMap((verifiers) =>
    options.loads.flatMap((load) =>
      options.seeds.map((seed) => ({
        ...{ provers, intervals, verifierGpus, behaviours },
        ...{ load, verifiers, seed },
      })),
    ),
  )
}

/** How long it takes, compared with others: users' requests, and what each verifier settles. */
export function costOf({ load, verifiers, provers, intervals }: SimulationJob): number {
  return intervals * provers * (load + 10 * verifiers)
}

export function runJob(job: SimulationJob): FinishedJob {
  const began = performance.now()
  const result = simulate({
    ...job,
    load: job.load / 100,
    behaviours: chosenBehaviours(job.behaviours, job.verifiers),
    profile: simulatedProfile(PRODUCTION_PROFILE.intervalBlocks),
  })
  return { result, seconds: (performance.now() - began) / 1000 }
}
