import type { RequestHandler } from 'express'
import type { Log } from '../../base/log.js'
import type { Counter, Gauge, Metrics } from '../../base/metrics.js'

export interface ApiMetrics {
  /** Measures each request by its route's pattern, never by its address: ids are unbounded. */
  readonly observe: (log: Log) => RequestHandler
  readonly accepted: Counter<'counted'>
  readonly deferred: Counter
  readonly eventStreams: Gauge
  readonly watchedVideos: Gauge
}

/** Registers what this API measures. Call once for a registry. */
export function apiMetrics(metrics: Metrics, now: () => number): ApiMetrics {
  const duration = metrics.histogram(
    'fractal_api_request_duration_seconds',
    'Time from a request’s arrival to the end of its answer',
    ['method', 'route', 'status'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  )
  const inFlight = metrics.gauge('fractal_api_requests_in_flight', 'Requests being answered')
  const observe =
    (log: Log): RequestHandler =>
    (req, res, next) => {
      const start = now()
      inFlight.inc()
      res.once('close', () => {
        inFlight.dec()
        const path: unknown = req.route?.path
        const route = typeof path === 'string' ? path : 'unmatched'
        // A client that went away got no status.
        const status = res.writableFinished ? res.statusCode : 499
        const seconds = (now() - start) / 1000
        duration.observe({ method: req.method, route, status }, seconds)
        const { requestId } = res.locals
        log.debug({ requestId, method: req.method, route, status, seconds }, 'answered')
      })
      next()
    }
  return {
    observe,
    accepted: metrics.counter('fractal_api_videos_accepted_total', 'Videos accepted', ['counted']),
    deferred: metrics.counter(
      'fractal_api_video_starts_deferred_total',
      'Videos accepted while Temporal was away; the inference worker starts them later',
    ),
    eventStreams: metrics.gauge('fractal_api_event_streams', 'Clients that events are sent to'),
    watchedVideos: metrics.gauge(
      'fractal_api_watched_videos',
      'Videos that somebody waits for, each read once per change',
    ),
  }
}
