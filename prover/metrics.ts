import type { Metrics } from '../base/metrics.js'
import { CLASS_CHECK_OUTCOMES, OPENING_OUTCOMES, REQUEST_OUTCOMES } from './outcomes.js'

export type ProverMetrics = ReturnType<typeof createProverMetrics>

/** The metrics of a prover. */
export function createProverMetrics(metrics: Metrics) {
  return {
    requests: metrics.tally('fractal_prover_requests_total', 'Requests by outcome', {
      outcome: REQUEST_OUTCOMES,
    }),
    openings: metrics.tally('fractal_prover_openings_total', 'Openings by outcome', {
      outcome: OPENING_OUTCOMES,
    }),
    classChecks: metrics.tally(
      'fractal_prover_class_checks_total',
      'Checks of whether the known answers still come out as at startup, by outcome',
      { outcome: CLASS_CHECK_OUTCOMES },
    ),
    inFlight: metrics.gauge('fractal_prover_requests_in_flight', 'Requests running and waiting'),
    seconds: metrics.histogram(
      'fractal_prover_generation_seconds',
      'Time from the start of a generation to its signed answer',
    ),
  }
}
