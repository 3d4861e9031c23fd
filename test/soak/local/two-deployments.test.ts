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
  const soak = useTestGrid()
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
    const { grid, state } = soak()
    await soak().nextInRounds()
    const options = grid.settings({ 'wallet.name': 'verifier' })
    standby = spawnTestRole('verifier', options, folder)
    standby.then(
      (role) => roles.push(role),
      () => undefined,
    )
    const file = path.join(folder, 'verifier-1.log')
    await soak().patient('the second to say so', async () =>
      (await said(file)).includes('another deployment judges with this hotkey; waiting'),
    )
    const { n } = await soak().nextInRounds()
    assert.equal(await soak().ended(n), 'settled')
    assert.ok(!(await said(file)).includes('the verifier judges'), 'only one judges')
    assert.ok(!(await said(state.log('verifier'))).includes('lease_lost'))
  })

  it('takes over when the first is killed, and the first waits when it is back', async () => {
    const { grid, state, user } = soak()
    const { n } = await soak().nextInRounds()
    void user.ask('while nobody judges')
    await soak().kill('verifier')
    const second = await standby
    assert.equal(await soak().ended(n), 'settled')
    const first = grid.startRole('verifier')
    await soak().patient('the first to wait', async () =>
      (await said(state.log('verifier'))).includes('another deployment judges with this hotkey'),
    )
    const next = await soak().nextInRounds()
    assert.equal(await soak().ended(next.n), 'settled')
    // In good order: it leaves the lease at once.
    await second.stop(10_000)
    await first
    const last = await soak().nextInRounds()
    assert.equal(await soak().ended(last.n), 'settled')
  })

  it('weights were set once by interval, and nothing was lost', async () => {
    await assertIntervals(soak())
    await assertVideos(soak())
    await assertWorkflows(soak())
    await assertChain(soak())
    const rows = await soak().db.query<{ fence: number }>('SELECT fence FROM leases')
    assert.deepEqual(rows, [{ fence: 3 }], 'three processes held the lease, one after the other')
    assert.equal(soak().id.netuid, NETUID)
  })
})
