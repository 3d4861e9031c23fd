import assert from 'node:assert/strict'
import { createCloseInterval } from '../../activities/interval/close-interval.js'
import { createSettleInterval } from '../../activities/interval/settle-interval.js'
import { createSignRecord } from '../../activities/interval/sign-record.js'
import { createSetWeights } from '../../activities/weights/set-weights.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import { intervalByN } from '../../ledger/intervals/intervals.js'
import { releaseLease, renewLease } from '../../ledger/intervals/lease.js'
import { recordOf } from '../../ledger/intervals/records.js'
import { recordGenesis } from '../../ledger/schema/genesis.js'
import { SILENT } from '../chain/local-harness.js'
import { makeTestRoles, type TestRoles } from '../support/database-roles.js'
import { useDatabase } from '../support/postgres.js'
import { IntervalSite } from './interval/interval-site.js'
import { run, useChain } from './verifier-site.js'

describe('activities: as users of PostgreSQL with few rights', () => {
  let roles: TestRoles
  let site: IntervalSite
  let worker: Database
  let gpu: Database
  // First: Mocha runs these in the order of their registration, and the roles go before the database.
  after(async () => {
    await site?.close()
    await Promise.all([worker?.close(), gpu?.close()])
    await roles?.drop()
  })
  const database = useDatabase()
  const chain = useChain()

  it('judge an interval from its opening to its signed record', async () => {
    roles = await makeTestRoles(database().url)
    const open = (url: string) =>
      openDatabase({ url, applicationName: 'test', max: 4, log: SILENT })
    worker = open(roles.urls.worker)
    gpu = open(roles.urls.gpu)
    const behaviours = ['honest', 'another', 'refusing', 'away'] as const
    site = await IntervalSite.open(chain(), worker, behaviours, {}, gpu)
    const { deps, harness } = site.verifier
    const { db, id } = deps
    await recordGenesis(db, id, 'ab'.repeat(32))
    const n = 1
    await site.begin()
    await site.ask(n)
    await run(createCloseInterval(deps), { n })
    await site.recompute(n, { round: 0 })
    await site.recompute(n, 'audits')
    await site.judge(n, true)
    await run(createSettleInterval(deps), { n })
    await run(createSetWeights(deps), { n }, { onBeat: () => harness.advance(1) })
    await run(createSignRecord(deps), { n })
    assert.equal((await intervalByN(db, id, n))!.phase, 'settled')
    assert.notEqual((await recordOf(db, id, n))!.signature, null)
    assert.equal(await renewLease(db, id, 'this test', deps.fence()), true)
    await releaseLease(db, id, 'this test', deps.fence())
  })
})
