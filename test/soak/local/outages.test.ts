import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  assertAllPassAgain,
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { useTestGrid } from '../../support/grid/test-grid.js'
import { suspend } from '../grid/suspend.js'

const OUTAGE_MS = Number(process.env.FRACTAL_TEST_OUTAGE_SECONDS ?? 60) * 1000
/** In the middle of an outage, so that a request meets it. */
const ASKED_AFTER_MS = OUTAGE_MS / 3
/** What the API takes at most to say that it can't. */
const ANSWER_MS = 20_000

describe(`outages of ${OUTAGE_MS / 1000} s while intervals run`, function () {
  this.timeout(900_000)
  const site = useTestGrid()

  /** Through an outage: a request before it, and one in it. */
  async function through(name: string, goAway: () => Promise<() => Promise<void> | void>) {
    const { user, grid } = site()
    const { n } = await site().nextInRounds()
    void user.ask(`in ${n}, before ${name} goes`)
    const comeBack = await goAway()
    try {
      await sleep(ASKED_AFTER_MS)
      void user.ask(`in ${n}, while ${name} is away`)
      const began = performance.now()
      const answer = await fetch(`${grid.apiUrl}/readyz`, {
        signal: AbortSignal.timeout(ANSWER_MS),
      })
      await answer.body?.cancel()
      const tookMs = Math.round(performance.now() - began)
      console.warn(
        `      ${name} away: /readyz of the API said ${answer.status} after ${tookMs} ms`,
      )
      await sleep(OUTAGE_MS - ASKED_AFTER_MS)
    } finally {
      await comeBack()
    }
    assert.notEqual(await site().ended(n), 'missed', 'it had begun')
    const next = await site().nextInRounds()
    assert.equal(await site().ended(next.n), 'settled', `after ${name} came back`)
    assert.deepEqual(grid.endedRoles(), [], 'no process ended')
  }

  const STORES = ['postgres', 'temporal', 'localnet']
  for (const name of STORES) {
    it(`${name} does not answer, with its connections open`, () =>
      through(name, () => suspend(site(), name)))
  }

  for (const name of STORES) {
    it(`${name} is gone`, () =>
      through(name, async () => {
        await site().kill(name)
        return () => site().start(name)
      }))
  }

  it('every prover passes again', () => assertAllPassAgain(site()))

  it('lost nothing, counted nothing twice, and failed no workflow', async () => {
    const { settled } = await assertIntervals(site())
    assert.ok(settled >= 5, `${settled} intervals settled`)
    await assertVideos(site())
    await assertWorkflows(site())
    await assertChain(site())
  })
})
