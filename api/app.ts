import { randomUUID } from 'node:crypto'
import express, { type Express } from 'express'
import { ownVersion } from '../base/version.js'
import type { ApiDeps } from './deps.js'
import { refuseWhenStopping } from './draining.js'
import { ApiError } from './errors.js'
import { mountHealth } from './health.js'
import { refuseOtherHosts } from './host-check.js'
import { apiMetrics } from './http-metrics.js'
import { keyGate } from './keys.js'
import { only } from './methods.js'
import { modelOperations } from './models.js'
import { networkOperations } from './network.js'
import { openApiDocument } from './openapi.js'
import { mountOperations } from './operation.js'
import { mountPages } from './pages.js'
import { problemHandler } from './problem.js'
import { shown } from './shown.js'
import { mountUnsupported } from './video-unsupported.js'
import { videoOperations } from './videos.js'
import { webhookOperations } from './webhooks.js'

/** The HTTP API: `/v1/videos`, `/v1/network`, health and metrics; and the pages. */
export function createApi(deps: ApiDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  // Answers change from one poll to the next; content brings its own ETag.
  app.set('etag', false)
  app.set('query parser', 'simple')
  const measured = apiMetrics(deps.metrics, deps.now)

  app.use((_req, res, next) => {
    res.locals.requestId = randomUUID()
    res.set({
      'X-Request-Id': res.locals.requestId,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    })
    next()
  })
  app.use(measured.observe(deps.log))
  if (deps.onlyLoopback) app.use(refuseOtherHosts)

  mountHealth(app, deps)
  app
    .route('/metrics')
    .get(async (_req, res) => {
      const { registry } = deps.metrics
      res.set('Content-Type', registry.contentType).send(await registry.metrics())
    })
    .all(only('GET'))

  app.use(refuseWhenStopping(deps.stopping))

  const operations = [
    ...videoOperations(deps, measured),
    ...modelOperations(deps),
    ...webhookOperations(deps),
    ...networkOperations(deps),
  ]
  const gate = keyGate(deps)
  mountUnsupported(app)
  mountOperations(app, operations, gate)
  const document = openApiDocument(operations, ownVersion())
  app
    .route('/openapi.json')
    .get((_req, res) => void res.json(document))
    .all(only('GET'))
  mountPages(app)

  app.use((req) => {
    throw new ApiError('not_found', `There is nothing at ${shown(req.path)}.`)
  })
  app.use(problemHandler(deps.log))
  return app
}
