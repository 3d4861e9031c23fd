import type { GpuDeps } from './gpu-deps.js'
import { createComputeGroundTruths } from './judging/compute-ground-truths.js'
import { withTypedFailures } from './shared/typed-failures.js'

/** All that the queues of the GPUs take. */
export function createGpuActivities(deps: GpuDeps) {
  return { recompute: withTypedFailures(createComputeGroundTruths(deps)) }
}

export type GpuActivities = ReturnType<typeof createGpuActivities>
