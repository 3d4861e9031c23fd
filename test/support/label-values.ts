import { API_ERRORS } from '../../api/http/errors.js'
import { apiMetrics } from '../../api/http/metrics.js'
import { Metrics } from '../../base/metrics.js'
import { INTERVAL_PHASES } from '../../ledger/intervals/intervals.js'
import { createProverMetrics } from '../../prover/metrics.js'
import { TIERS } from '../../rules/tiers.js'
import {
  gpuQueue,
  INFERENCE_QUEUE,
  VERIFIER_QUEUE,
  WEBHOOK_QUEUE,
} from '../../temporal/task-queues.js'
import { countVerdicts } from '../../workers/health/ledger-metrics.js'

type Values = ReadonlyMap<string, ReadonlySet<string>>

/** What is read from elsewhere than a process: the values that are there depend on what there is. */
const OF_GAUGES: Readonly<Record<string, readonly string[]>> = {
  'fractal_intervals phase': INTERVAL_PHASES,
  'fractal_provers tier': TIERS,
  'fractal_task_queue_backlog queue': [
    VERIFIER_QUEUE,
    INFERENCE_QUEUE,
    WEBHOOK_QUEUE,
    gpuQueue('cpu', ''),
    gpuQueue('cuda', 'rtx3090'),
  ],
  'fractal_api_requests_total status': Object.values(API_ERRORS).map(({ status }) => `${status}`),
}

/**
 * The values that the code gives labels of our metrics, by `METRIC LABEL`: of a tally all that it has, as it shows
 * them before anything happened.
 */
export async function labelValues(): Promise<Values> {
  const metrics = new Metrics('test')
  createProverMetrics(metrics)
  countVerdicts(metrics)
  apiMetrics(metrics, () => 0)
  const found = new Map(Object.entries(OF_GAUGES).map(([key, values]) => [key, new Set(values)]))
  const text = await metrics.registry.metrics()
  for (const [, name, labels] of text.matchAll(/^(fractal_\w+)\{(.*)\} \S+$/gm)) {
    for (const [, label, value] of labels!.matchAll(/(\w+)="([^"]*)"/g)) {
      const key = `${name} ${label}`
      found.set(key, (found.get(key) ?? new Set<string>()).add(value!))
    }
  }
  return found
}

/** Each label that an expression compares with a value: of which metric, and with which values or patterns. */
export function comparisons(
  expr: string,
): { metric: string; label: string; anyOf: readonly RegExp[] }[] {
  return [...expr.matchAll(/\b(\w+)\{([^}]*)\}/g)].flatMap(([, metric, matchers]) =>
    [...matchers!.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label, how, value]) => ({
      metric: metric!,
      label: label!,
      // Prometheus compares the whole value.
      anyOf: how!.endsWith('~')
        ? value!.split('|').map((each) => new RegExp(`^(?:${each})$`))
        : [new RegExp(`^${value!.replace(/[^\w]/g, '\\$&')}$`)],
    })),
  )
}
