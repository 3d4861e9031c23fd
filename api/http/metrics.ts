import type { Request, RequestHandler } from 'express'
import type { Log } from '../../base/log.js'
import type { Counter, Gauge, Metrics, Tally } from '../../base/metrics.js'

export interface ApiMetrics {
  /**
   * Counts and measures each request by its route's pattern, never by its address, and only methods that the
   * route has by their names: what clients make up adds no series.
   */
  readonly observe: (log: Log) => RequestHandler
  readonly accepted: Tally<{ counted: typeof BOOLEANS }>
  readonly deferred: Counter
  readonly eventStreams: Gauge
  readonly watchedVideos: Gauge
}

const OTHER = 'other'
const BOOLEANS = ['true', 'false'] as const

/** The pattern and the method of a request, where there is something of both. */
function routeOf(req: Request): { route: string; method: string } {
  const path: unknown = req.route?.path
  if (typeof path !== 'string') return { route: 'unmatched', method: OTHER }
  const name = req.method === 'HEAD' ? 'get' : req.method.toLowerCase()
  const isTaken: unknown = req.route.methods?.[name]
  return { route: path, method: isTaken === true ? req.method : OTHER }
}

/**
 * Registers what this API measures. Call once for a registry.
 * @param elapsed milliseconds of a monotonic clock
 */
export function apiMetrics(metrics: Metrics, elapsed: () => number): ApiMetrics {
  const requests = metrics.counter(
    'fractal_api_requests_total',
    'Requests answered; status 499: the client left before',
    ['method', 'route', 'status'],
  )
  const duration = metrics.histogram(
    'fractal_api_request_duration_seconds',
    'Time from a request’s arrival to the end of its answer',
    ['method', 'route'],
    // Each bucket is a series of each route: few of them.
    [0.01, 0.025, 0.1, 0.25, 1, 2.5, 10],
  )
  const inFlight = metrics.gauge('fractal_api_requests_in_flight', 'Requests being answered')
  const observe =
    (log: Log): RequestHandler =>
    (req, res, next) => {
      const start = elapsed()
      inFlight.inc()
      res.once('close', () => {
        inFlight.dec()
        const { route, method } = routeOf(req)
        // A client that went away got no status.
        const status = res.writableFinished ? res.statusCode : 499
        const seconds = (elapsed() - start) / 1000
        requests.inc({ method, route, status })
        if (method !== OTHER) duration.observe({ method, route }, seconds)
        const { requestId } = res.locals
        log.debug({ requestId, method: req.method, route, status, seconds }, 'answered')
      })
      next()
    }
  return {
    observe,
    accepted: metrics.tally('fractal_api_videos_accepted_total', 'Videos accepted', {
      counted: BOOLEANS,
    }),
    deferred: metrics.counter(
      'fractal_api_video_starts_deferred_total',
      'Videos accepted while Temporal was away; the inference worker starts them later',
    ),
    eventStreams: metrics.gauge('fractal_api_event_streams', 'Clients connected to event streams'),
    watchedVideos: metrics.gauge(
      'fractal_api_watched_videos',
      'Videos that clients wait for, each read once per change',
    ),
  }
}
