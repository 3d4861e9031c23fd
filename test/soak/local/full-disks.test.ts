import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresDataDir } from '../../../dev/postgres/home.js'
import { Absences } from '../../support/grid/absences.js'
import {
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { TestGrid } from '../../support/grid/test-grid.js'
import { SmallDisk } from '../grid/small-disk.js'

const POSTGRES_MB = 400
const PROVER_MB = 24
/** Shorter than what intervals wait for the ledger. */
const FULL_MS = 30_000

describe('disks that are full for a while', function () {
  this.timeout(900_000)
  let site: TestGrid
  const disks: SmallDisk[] = []
  let ofPostgres: SmallDisk
  let ofProver: SmallDisk
  const away = new Absences()

  before(async function () {
    site = await TestGrid.make({
      // Little of it is written ahead, so that the disk is full when its tables are.
      postgresSettings: { max_wal_size: '64MB', min_wal_size: '32MB' },
    })
    const { grid, state } = site
    await grid.startPostgres()
    await grid.killPostgres()
    for (const [folder, megabytes] of [
      [postgresDataDir(state.postgres), POSTGRES_MB],
      [state.prover('prover-1'), PROVER_MB],
    ] as const) {
      const disk = await SmallDisk.over(folder, megabytes)
      if (disk === null) {
        console.warn('      skipped: nothing may be mounted here (it takes root)')
        this.skip()
      }
      disks.push(disk)
    }
    ;[ofPostgres, ofProver] = disks as [SmallDisk, SmallDisk]
    await site.startAll()
  })

  after(async function () {
    const tests = this.test?.parent?.tests ?? []
    const isFailed = tests.some(({ state }) => state === 'failed')
    await site?.grid.stop()
    for (const disk of disks) await disk.remove()
    await site?.stop({ keepLogs: isFailed })
  })

  it('a prover’s: it says so and takes nothing; the other serves', async () => {
    await site.nextInRounds()
    const hasRoom = away.begin(['prover-1'])
    await ofProver.fill()
    await site.patient('the prover to say so', async () =>
      (await readFile(site.state.log('prover-1'), 'utf8')).includes('answers can’t be kept'),
    )
    const video = site.user.ask('while a prover’s disk is full')
    await site.user.assertCompleted(await video)
    const { n } = await site.nextInRounds()
    assert.equal(await site.ended(n), 'settled')
    await ofProver.makeRoom()
    hasRoom()
    const { n: last } = await site.nextInRounds()
    assert.equal(await site.ended(last), 'settled')
  })

  it('PostgreSQL’s: nothing is taken that is not stored; all goes on when there is room', async () => {
    const { grid, user } = site
    const { n } = await site.nextInRounds()
    await ofPostgres.fill()
    const asked = user.ask('while the ledger’s disk is full')
    await sleep(FULL_MS)
    const ready = await fetch(`${grid.apiUrl}/readyz`)
    console.warn(`      /readyz of the API said ${ready.status} ${await ready.text()}`)
    await ofPostgres.makeRoom()
    // It ends when it can't write its log; whoever watches it starts it again.
    const answers = await site.db.query('SELECT 1').catch(() => null)
    if (answers === null) {
      console.warn('      PostgreSQL had ended')
      await grid.killPostgres()
      await grid.startPostgres()
    }
    await user.assertCompleted(await asked)
    assert.notEqual(await site.ended(n), 'missed')
    const next = await site.nextInRounds()
    assert.equal(await site.ended(next.n), 'settled')
    assert.deepEqual(grid.endedRoles(), [], 'no process of ours ended')
  })

  it('lost nothing, counted nothing twice, and failed no workflow', async () => {
    await assertIntervals(site, { wasAway: away.wasAway })
    await assertVideos(site)
    await assertWorkflows(site)
    await assertChain(site)
  })
})
