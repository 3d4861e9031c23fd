import type { Express } from 'express'
import { intervalsOverview, publicInterval } from '../ledger/interval-views.js'
import { lastSettled, listIntervals } from '../ledger/intervals.js'
import { proversOverview, tiersOverview } from '../ledger/network.js'
import { newestCommitment } from '../ledger/secrets.js'
import type { ApiDeps } from './deps.js'
import { ApiError } from './errors.js'
import { parseBy } from './json-body.js'
import { only } from './methods.js'
import {
  commitmentObject,
  intervalDetailObject,
  intervalObject,
  proverObject,
  tierObjects,
} from './network-objects.js'
import {
  checkCursor,
  intervalNumberSchema,
  intervalQuerySchema,
  intervalsQuerySchema,
} from './network-schema.js'

const DEFAULT_INTERVALS = 20
/** Checks in one answer. */
const CHECKS_SHOWN = 200
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
      const [rows, newest] = await Promise.all([
        intervalsOverview(db, verifierId, page),
        newestCommitment(db, verifierId),
      ])
      const data = rows.slice(0, limit).map(intervalObject)
      res.json({
        ...list(data),
        has_more: rows.length > limit,
        newest_commitment: commitmentObject(newest),
      })
    })
    .all(only('GET'))

  app
    .route('/v1/network/intervals/:n')
    .get(async (req, res) => {
      const n = intervalNumberSchema.safeParse(req.params.n)
      const query = parseBy(intervalQuerySchema, req.query, 'query')
      const after = query.verdicts_after ?? null
      // One more than is shown tells whether there are more.
      const page = { after, limit: CHECKS_SHOWN + 1 }
      const found = n.success ? await publicInterval(db, verifierId, n.data, page) : null
      if (found === null) {
        throw new ApiError('interval_not_found', 'There is no interval with this number.', {
          param: 'n',
        })
      }
      const checks = found.checks?.slice(0, CHECKS_SHOWN) ?? null
      const last = checks?.at(-1)
      const hasMore = last !== undefined && found.checks!.length > CHECKS_SHOWN
      const next = hasMore ? checkCursor(last) : null
      res.json({
        object: 'interval',
        ...verifierId,
        ...intervalDetailObject({ ...found, checks }, next),
      })
    })
    .all(only('GET'))
}
