import type { Express } from 'express'
import { intervalDetail, intervalsOverview } from '../ledger/interval-views.js'
import { lastSettled, listIntervals } from '../ledger/intervals.js'
import { proversOverview, tiersOverview } from '../ledger/network.js'
import type { ApiDeps } from './deps.js'
import { ApiError } from './errors.js'
import { parseBy } from './json-body.js'
import { only } from './methods.js'
import {
  intervalDetailObject,
  intervalObject,
  proverObject,
  tierObjects,
} from './network-objects.js'
import { intervalNumberSchema, intervalsQuerySchema } from './network-schema.js'

const DEFAULT_INTERVALS = 20
/** Of the newest intervals the first may be announced only, and so may have no profile yet. */
const NEWEST = 5

/** `/v1/network`: what the verifier found, for everybody; no prompts. */
export function mountNetwork(app: Express, deps: ApiDeps): void {
  const { db, verifierId } = deps
  const list = <T>(data: T[]) => ({ object: 'list' as const, ...verifierId, data })

  app
    .route('/v1/network/provers')
    .get(async (_req, res) => {
      const [rows, settled] = await Promise.all([
        proversOverview(db, verifierId),
        lastSettled(db, verifierId),
      ])
      res.json(list(rows.map((row) => proverObject(row, settled?.n ?? 0))))
    })
    .all(only('GET'))

  app
    .route('/v1/network/tiers')
    .get(async (_req, res) => {
      const [rows, newest] = await Promise.all([
        tiersOverview(db, verifierId),
        listIntervals(db, verifierId, { limit: NEWEST }),
      ])
      const profile = newest.find((interval) => interval.profile !== null)?.profile ?? null
      res.json({ ...list(tierObjects(rows, profile)), profile: profile?.name ?? null })
    })
    .all(only('GET'))

  app
    .route('/v1/network/intervals')
    .get(async (req, res) => {
      const { limit = DEFAULT_INTERVALS, before } = parseBy(
        intervalsQuerySchema,
        req.query,
        'query',
      )
      // One more than asked for tells whether there are more.
      const page = { limit: limit + 1, ...(before === undefined ? {} : { before }) }
      const rows = await intervalsOverview(db, verifierId, page)
      const data = rows.slice(0, limit).map(intervalObject)
      res.json({ ...list(data), has_more: rows.length > limit })
    })
    .all(only('GET'))

  app
    .route('/v1/network/intervals/:n')
    .get(async (req, res) => {
      const n = intervalNumberSchema.safeParse(req.params.n)
      const detail = n.success ? await intervalDetail(db, verifierId, n.data) : null
      if (detail === null) {
        throw new ApiError('interval_not_found', 'There is no interval with this number.', {
          param: 'n',
        })
      }
      res.json({ object: 'interval', ...verifierId, ...intervalDetailObject(detail) })
    })
    .all(only('GET'))
}
