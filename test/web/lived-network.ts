import type { Client } from '@temporalio/client'
import { livedInterval, scenic, settled } from '../api/network/scene.js'
import { awayTemporal, startApi, type TestApi } from '../api/server.js'
import { newVerifier } from '../ledger/fixtures.js'
import { useDatabase } from '../support/postgres.js'

export const [good, weak] = [scenic(1), scenic(2)]

export interface LivedNetwork {
  /** With two settled intervals and one that runs; `weak` was caught twice. */
  readonly full: TestApi
  /** With nothing at all. */
  readonly empty: TestApi
}

/** Gives the surrounding suite an API whose ledger has what the pages show, and one without. */
export function useLivedNetwork(): () => LivedNetwork {
  const database = useDatabase()
  let temporal: Client
  let made: LivedNetwork
  before(async () => {
    const { db, url } = database()
    temporal = awayTemporal()
    const id = newVerifier()
    await livedInterval(db, id, 1, [
      { of: good, passes: 4, served: 6 },
      { of: weak, cheats: 2, passes: 1, fails: 1, served: 1, late: 1 },
    ])
    await settled(db, id, 1)
    await livedInterval(db, id, 2, [{ of: good, passes: 2, fails: 1, served: 3, late: 1 }])
    await settled(db, id, 2)
    await livedInterval(db, id, 3, [{ of: good, passes: 1, served: 2 }, { of: weak }])
    made = {
      full: await startApi({ db, url, temporal, verifierId: id }),
      empty: await startApi({ db, url, temporal, verifierId: newVerifier() }),
    }
  })
  after(async () => {
    await made?.full.close()
    await made?.empty.close()
    await temporal?.connection.close()
  })
  return () => made
}
