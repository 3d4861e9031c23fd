import { randomUUID } from 'node:crypto'
import express, { type Express } from 'express'
import { ownVersion } from '../base/version.js'
import { keyGate } from './auth/key-gate.js'
import type { ApiDeps } from './deps.js'
import { notFound, only } from './http/allowed-methods.js'
import { mountHealth } from './http/health.js'
import { refuseOtherHosts } from './http/host-check.js'
import { apiMetrics } from './http/metrics.js'
import { openApiDocument } from './http/openapi.js'
import { mountOperations } from './http/operation.js'
import { problemHandler } from './http/problem-details.js'
import { refuseWhenStopping } from './http/refuse-when-stopping.js'
import { modelOperations } from './models.js'
import { networkOperations } from './network/operations.js'
import { mountPages } from './pages/routes.js'
import { mountUnsupported } from './videos/create/unsupported.js'
import { videoOperations } from './videos/operations.js'
import { webhookOperations } from './webhooks/operations.js'

/** The HTTP API: `/v1/videos`, `/v1/network`, health and metrics; and the pages. */
export function createApi(deps: ApiDeps): Express {
  const app = express()
  app.disable('x-powered-by')
  // Answers change from one poll to the next; content brings its own ETag.
  app.set('etag', false)
  app.set('query parser', 'simple')
  const measured = apiMetrics(deps.metrics, deps.elapsed)

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
    throw notFound(req)
  })
  app.use(problemHandler(deps.log))
  return app
}
