import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import {
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { ROLES, useTestGrid } from '../../support/grid/test-grid.js'

describe('Temporal loses its data, with PostgreSQL intact', function () {
  this.timeout(600_000)
  const site = useTestGrid()
  /** The first whose workflow the newest Temporal has seen. */
  let from = 1

  /** In the midst of an interval and of videos. @returns the interval's number */
  async function lose(): Promise<number> {
    const { user, state } = site()
    const { n } = await site().nextInRounds()
    await Promise.all(['one', 'two', 'three'].map((name) => user.ask(`${name} in ${n}`)))
    await site().kill('temporal')
    for (const suffix of ['', '-wal', '-shm'])
      await rm(`${state.temporalDb}${suffix}`, { force: true })
    from = n
    return n
  }

  /** Everything of the lost one goes on, and what comes after it. */
  async function goesOn(n: number): Promise<void> {
    void site().user.ask(`after ${n}`)
    assert.equal(await site().ended(n), 'settled')
    const next = await site().nextInRounds()
    assert.equal(await site().ended(next.n), 'settled')
    await assertVideos(site())
  }

  it('and our processes go on running', async () => {
    const n = await lose()
    await site().start('temporal')
    await goesOn(n)
    assert.deepEqual(site().grid.endedRoles(), [], 'no process ended')
  })

  it('and our processes are restarted', async () => {
    const n = await lose()
    await Promise.all(ROLES.map((role) => site().grid.stopRole(role)))
    await site().start('temporal')
    await Promise.all(ROLES.map((role) => site().start(role)))
    await goesOn(n)
  })

  it('every interval is whole, and the chain holds what the ledger knows', async () => {
    await assertIntervals(site())
    await assertVideos(site())
    await assertWorkflows(site(), from)
    await assertChain(site())
  })
})
