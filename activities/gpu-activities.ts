import type { GpuDeps } from './gpu-deps.js'
import { createComputeGroundTruths } from './judging/compute-ground-truths.js'
import { createComputeSpotChecks } from './judging/compute-spot-checks.js'
import { withTypedFailures } from './shared/typed-failures.js'

/** All activities of the GPU queues. */
export function createGpuActivities(deps: GpuDeps) {
  return {
    recompute: andThen(withTypedFailures(createComputeGroundTruths(deps)), deps.taskEnded),
    computeSpotChecks: andThen(withTypedFailures(createComputeSpotChecks(deps)), deps.taskEnded),
  }
}

export type GpuActivities = ReturnType<typeof createGpuActivities>

function andThen<I, O>(
  task: (input: I) => Promise<O>,
  ended: GpuDeps['taskEnded'],
): (input: I) => Promise<O> {
  return async (input) => {
    try {
      return await task(input)
    } finally {
      await ended()
    }
  }
}
