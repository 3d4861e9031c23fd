import type { Metrics } from '../../base/metrics.js'
import type { Database } from '../../ledger/database.js'
import { type GaugeRow, intervalGauges } from '../../ledger/intervals/interval-gauges.js'
import { CHECK_KINDS, type CheckKind, type NewVerdict } from '../../ledger/judging/verdicts.js'
import { queueGauges } from '../../ledger/requests/queue-gauges.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { VERDICTS } from '../../rules/verdicts.js'

/**
 * The state of intervals, weights and provers, read from the ledger at each scrape. For the verifier that
 * holds the lease: a deployment has one.
 */
export function exportIntervals(metrics: Metrics, db: Database, id: VerifierId): void {
  metrics.readGauges(
    {
      fractal_interval_opened: { help: 'Number of the newest interval that was opened' },
      fractal_interval_settled: { help: 'Number of the newest interval that was settled' },
      fractal_interval_settled_timestamp_seconds: {
        help: 'When an interval was settled last, as Unix time; 0: never',
      },
      fractal_intervals: { help: 'The newest 100 intervals, by phase', label: 'phase' },
      fractal_weights_confirmed: {
        help: 'Number of the newest interval whose weights were read back from the chain',
      },
      fractal_weights_pending: { help: 'Intervals whose weights are not on the chain yet' },
      fractal_provers: { help: 'Provers of the newest interval, by tier', label: 'tier' },
    },
    async () => {
      const rows = await intervalGauges(db, id)
      const one = (gauge: string) => rows.find((row) => row.gauge === gauge)?.value ?? 0
      return {
        fractal_interval_opened: one('opened'),
        fractal_interval_settled: one('settled'),
        fractal_interval_settled_timestamp_seconds: one('settled_at'),
        fractal_intervals: byLabel(rows, 'recent'),
        fractal_weights_confirmed: one('weights_confirmed'),
        fractal_weights_pending: one('weights_pending'),
        fractal_provers: byLabel(rows, 'provers'),
      }
    },
  )
}

function byLabel(rows: readonly GaugeRow[], gauge: string): Record<string, number> {
  return Object.fromEntries(
    rows.filter((row) => row.gauge === gauge).map(({ label, value }) => [label, value]),
  )
}

/**
 * What users wait for, read from the ledger at each scrape: of the whole deployment, so that each of several
 * inference workers reports the same.
 */
export function exportQueues(metrics: Metrics, db: Database, id: VerifierId): void {
  metrics.readGauges(
    {
      fractal_videos: {
        help: 'Videos that have not ended, by status; the same at every inference worker',
        label: 'status',
      },
      fractal_videos_oldest_queued_seconds: {
        help: 'Since the oldest queued video was asked for; the same at every inference worker',
      },
      fractal_webhook_deliveries_pending: {
        help: 'Deliveries of webhooks that have not ended; the same at every inference worker',
      },
    },
    async () => {
      const found = await queueGauges(db, id)
      return {
        fractal_videos: { queued: found.queued, in_progress: found.inProgress },
        fractal_videos_oldest_queued_seconds: found.oldestQueuedSeconds,
        fractal_webhook_deliveries_pending: found.deliveries,
      }
    },
  )
}

/** Counts verdicts where they are written, by the one process that may. */
export function countVerdicts(
  metrics: Metrics,
): (verdicts: readonly Pick<NewVerdict, 'kind' | 'verdict'>[]) => void {
  // Answers are counted by whoever asked for them.
  const kinds: readonly CheckKind[] = CHECK_KINDS.filter((each) => each !== 'answer')
  const total = metrics.tally(
    'fractal_verdicts_total',
    'Verdicts on challenges, audits and spot checks since this process started',
    { kind: kinds, verdict: VERDICTS },
  )
  return (verdicts) => {
    for (const { kind, verdict } of verdicts) total.inc({ kind, verdict })
  }
}
