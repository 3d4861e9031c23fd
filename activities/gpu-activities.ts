import type { GpuDeps } from './gpu-deps.js'
import { createComputeGroundTruths } from './judging/compute-ground-truths.js'
import { createComputeSpotChecks } from './judging/compute-spot-checks.js'
import { withTypedFailures } from './shared/typed-failures.js'

/** All that the queues of the GPUs take. */
export function createGpuActivities(deps: GpuDeps) {
  return {
    recompute: withTypedFailures(createComputeGroundTruths(deps)),
    computeSpotChecks: withTypedFailures(createComputeSpotChecks(deps)),
  }
}

export type GpuActivities = ReturnType<typeof createGpuActivities>
