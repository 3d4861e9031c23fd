import type { Metrics } from '../base/metrics.js'

/** The metrics of a prover. */
export function createProverMetrics(metrics: Metrics) {
  return {
    requests: metrics.counter('fractal_prover_requests_total', 'Requests by outcome', ['outcome']),
    openings: metrics.counter('fractal_prover_openings_total', 'Openings by outcome', ['outcome']),
    classChecks: metrics.counter(
      'fractal_prover_class_checks_total',
      'Checks of whether the known answers still come out as at startup, by outcome',
      ['outcome'],
    ),
    inFlight: metrics.gauge('fractal_prover_requests_in_flight', 'Requests running and waiting'),
    seconds: metrics.histogram(
      'fractal_prover_generation_seconds',
      'Time from the start of a generation to its signed answer',
    ),
  }
}
