import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Role } from '../../../dev/process/role.js'
import {
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { NETUID, useTestGrid } from '../../support/grid/test-grid.js'
import { spawnTestRole } from '../../support/spawn-role.js'

describe('two verifiers with one hotkey, each a process of its own', function () {
  this.timeout(600_000)
  const site = useTestGrid()
  let folder: string
  let standby: Promise<Role>
  const roles: Role[] = []

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-second-'))
  })

  after(async () => {
    await Promise.all(roles.map((role) => role.stop(10_000)))
    await rm(folder, { recursive: true, force: true })
  })

  const said = (file: string) => readFile(file, 'utf8').catch(() => '')

  it('the second says that it waits, and does nothing', async () => {
    const { grid, state } = site()
    await site().nextInRounds()
    const options = grid.settings({ 'wallet.name': 'verifier' })
    standby = spawnTestRole('verifier', options, folder)
    standby.then(
      (role) => roles.push(role),
      () => undefined,
    )
    const file = path.join(folder, 'verifier-1.log')
    await site().patient('the second to say so', async () =>
      (await said(file)).includes('another deployment judges with this hotkey; waiting'),
    )
    const { n } = await site().nextInRounds()
    assert.equal(await site().ended(n), 'settled')
    assert.ok(!(await said(file)).includes('the verifier judges'), 'only one judges')
    assert.ok(!(await said(state.log('verifier'))).includes('lease_lost'))
  })

  it('takes over when the first is killed, and the first waits when it is back', async () => {
    const { grid, state, user } = site()
    const { n } = await site().nextInRounds()
    void user.ask('while nobody judges')
    await site().kill('verifier')
    const second = await standby
    assert.equal(await site().ended(n), 'settled')
    const first = grid.startRole('verifier')
    await site().patient('the first to wait', async () =>
      (await said(state.log('verifier'))).includes('another deployment judges with this hotkey'),
    )
    const next = await site().nextInRounds()
    assert.equal(await site().ended(next.n), 'settled')
    // In good order: it leaves the lease at once.
    await second.stop(10_000)
    await first
    const last = await site().nextInRounds()
    assert.equal(await site().ended(last.n), 'settled')
  })

  it('weights were set once by interval, and nothing was lost', async () => {
    await assertIntervals(site())
    await assertVideos(site())
    await assertWorkflows(site())
    await assertChain(site())
    const rows = await site().db.query<{ fence: number }>('SELECT fence FROM leases')
    assert.deepEqual(rows, [{ fence: 3 }], 'three processes held the lease, one after the other')
    assert.equal(site().id.netuid, NETUID)
  })
})
