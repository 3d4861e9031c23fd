import { withTypedFailures } from './failures.js'
import type { GpuDeps } from './gpu-deps.js'
import { createRecompute } from './recompute.js'

/** All that the queues of the GPUs take. */
export function createGpuActivities(deps: GpuDeps) {
  return { recompute: withTypedFailures(createRecompute(deps)) }
}

export type GpuActivities = ReturnType<typeof createGpuActivities>
