import type { FractalError } from '../base/errors.js'
import { EngineError } from '../engine/errors.js'
import type { GpuDeps } from './gpu-deps.js'
import { createComputeGroundTruths } from './judging/compute-ground-truths.js'
import { createComputeSpotChecks } from './judging/compute-spot-checks.js'
import { withTypedFailures } from './shared/typed-failures.js'

/** All activities of the GPU queues. */
export function createGpuActivities(deps: GpuDeps) {
  const task = <I, O>(run: (input: I) => Promise<O>) =>
    andThen(withTypedFailures(run, { retried: isOfWorker }), deps.taskEnded)
  return {
    recompute: task(createComputeGroundTruths(deps)),
    computeSpotChecks: task(createComputeSpotChecks(deps)),
  }
}

/**
 * Whether an engine failed for a reason of this worker: it is stopped, its process crashed, its model server went
 * away, its GPU is full. The same task may succeed on another worker, or on this one a moment later.
 */
function isOfWorker(error: FractalError): boolean {
  return error instanceof EngineError && !OF_TASK.has(error.code)
}

const OF_TASK: ReadonlySet<string> = new Set(['invalid_request', 'invalid_seed'])

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
