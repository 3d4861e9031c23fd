import type { IntervalSettings } from '../activities/verifier-deps.js'
import type { Options } from '../base/options/options.js'
import { AUDIT_PATIENCE_SECONDS } from '../rules/constants.js'
import { gpuQueue, INFERENCE_QUEUE } from '../temporal/task-queues.js'

/** Ledger activities are retried through an outage of at least this long. */
const LEDGER_PATIENCE_SECONDS = 90

/** How this deployment runs its intervals, from its options and an interval's length in seconds. */
export function intervalSettings(
  options: Options<'device' | 'gpu.class' | 'ledger.patience' | 'neuron.disable_set_weights'>,
  intervalSeconds: number,
): IntervalSettings {
  const half = intervalSeconds / 2
  return {
    gpuQueue: gpuQueue(options.device, options['gpu.class']),
    inferenceQueue: INFERENCE_QUEUE,
    ledgerPatienceSeconds: options['ledger.patience'] ?? Math.max(half, LEDGER_PATIENCE_SECONDS),
    auditPatienceSeconds: Math.max(half, AUDIT_PATIENCE_SECONDS),
    setWeights: !options['neuron.disable_set_weights'],
  }
}
