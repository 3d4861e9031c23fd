import { SeededRandom } from '../../../dev/sim/random.js'
import type { AttemptKind } from '../../../ledger/requests/attempts.js'
import type { ChainHarness } from '../../chain/contract.js'
import type { TestDatabase } from '../postgres.js'
import { generationsOf } from './captured-request.js'
import { type Features, featuresOf } from './features.js'
import { type TrafficSetup, TrafficSite } from './traffic-site.js'
import { Users } from './users.js'

export interface CaptureOptions extends TrafficSetup {
  readonly intervals: number
  /** Users' requests. */
  readonly perSecond: number
  readonly seed: number
}

export interface Captured {
  readonly kind: AttemptKind
  readonly arrivedMs: number
  readonly features: Features
}

/** Prompts of users on the day before: as many as checks draw from. */
const HISTORY = 600

/** Lets users and rounds ask for some intervals. @returns what the provers were asked, by time */
export async function captureTraffic(
  harness: ChainHarness,
  database: TestDatabase,
  options: CaptureOptions,
): Promise<Captured[]> {
  const site = await TrafficSite.open(harness, database, options)
  try {
    const users = new Users(site, new SeededRandom(options.seed))
    await users.history(HISTORY)
    const { blockMs, intervalMs } = site
    const clock = { startedMs: 0, blockMs, intervalMs }
    const asked: Promise<void>[] = []
    for (let n = 1; n <= options.intervals; n += 1) {
      const { startedMs, done } = await site.interval(n - 1)
      if (n === 1) clock.startedMs = startedMs
      asked.push(users.ask(intervalMs, options.perSecond))
      await done
    }
    await Promise.all(asked)
    const { db, id } = site.deps
    const rows = await db.query<{ requestId: string; kind: AttemptKind }>(
      'SELECT request_id, kind FROM attempts WHERE netuid = $1 AND verifier = $2',
      [id.netuid, id.verifier],
    )
    const kinds = new Map(rows.map(({ requestId, kind }) => [requestId, kind]))
    return (await site.captured())
      .flatMap((connections) => {
        const requests = generationsOf(connections)
        const features = featuresOf(requests, clock)
        return requests.map(({ body, arrivedMs }, i) => ({
          kind: kinds.get(body.request_id)!,
          arrivedMs,
          features: features[i]!,
        }))
      })
      .sort((a, b) => a.arrivedMs - b.arrivedMs)
  } finally {
    await site.close()
  }
}
