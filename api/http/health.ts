import type { Express } from 'express'
import { withDeadline } from '../../base/concurrency/deadline.js'
import { messageOf } from '../../base/errors.js'
import { createWriteProbe } from '../../ledger/write-probe.js'
import type { ApiDeps } from '../deps.js'
import { only } from './allowed-methods.js'

/** How long a dependency may take to answer before it counts as down. */
const DEADLINE_MS = 2_000
/** How long a finding is told to all who ask: the page needs no key, and each finding a connection. */
const SHARED_MS = 1_000

/** Whether `probe` succeeds in time. Why it does not is for the log: the page is public. */
async function isUp(deps: ApiDeps, name: string, probe: () => Promise<unknown>): Promise<boolean> {
  try {
    await withDeadline(DEADLINE_MS, probe)
    return true
  } catch (error) {
    deps.log.warn({ dependency: name, reason: messageOf(error) }, 'not ready')
    return false
  }
}

/** `refuses_writes`: it answers reads only, as on a full disk. */
type PostgresState = 'up' | 'down' | 'refuses_writes'

interface Found {
  readonly postgres: PostgresState
  readonly temporalUp: boolean
}

/** What a look at the dependencies found, at most SHARED_MS ago; one look at a time. */
function sharedLook(deps: ApiDeps): () => Promise<Found> {
  const { temporal } = deps
  const writeProbe = createWriteProbe(deps.db)
  let until = 0
  let found: Promise<Found> | null = null
  const look = async (): Promise<Found> => {
    const [reads, writes, temporalUp] = await Promise.all([
      isUp(deps, 'postgres', () => deps.db.query('SELECT 1')),
      isUp(deps, 'postgres, writing', writeProbe),
      isUp(deps, 'temporal', () =>
        temporal.withDeadline(deps.now() + DEADLINE_MS, () =>
          temporal.workflowService.describeNamespace({ namespace: temporal.options.namespace }),
        ),
      ),
    ])
    until = deps.elapsed() + SHARED_MS
    return { postgres: !reads ? 'down' : writes ? 'up' : 'refuses_writes', temporalUp }
  }
  return () => {
    if (found === null || deps.elapsed() >= until) {
      until = Number.POSITIVE_INFINITY
      found = look()
    }
    return found
  }
}

/**
 * `/healthz`: this process runs. `/readyz`: so do Postgres (reads and writes) and Temporal, or which does
 * not; red while it stops.
 */
export function mountHealth(app: Express, deps: ApiDeps): void {
  app
    .route('/healthz')
    .get((_req, res) => {
      res.json({ status: 'ok' })
    })
    .all(only('GET'))

  const look = sharedLook(deps)
  app
    .route('/readyz')
    .get(async (_req, res) => {
      const { postgres, temporalUp } = await look()
      // Not shared: a process that stops says so at once.
      const stopping = deps.stopping.aborted
      const ready = postgres === 'up' && temporalUp && !stopping
      if (!ready) res.status(503).set('Retry-After', '2')
      res.json({
        status: ready ? 'ready' : stopping ? 'stopping' : 'not_ready',
        postgres,
        temporal: temporalUp ? 'up' : 'down',
      })
    })
    .all(only('GET'))
}
