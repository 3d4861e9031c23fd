import assert from 'node:assert/strict'
import { Absences } from '../../support/grid/absences.js'
import {
  assertAllPassAgain,
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { killAtRandom } from '../../support/grid/random-deaths.js'
import { useTestGrid } from '../../support/grid/test-grid.js'

const SEED = Number(process.env.FRACTAL_TEST_SEED ?? Date.now() % 1_000_000)
const DEATHS = Number(process.env.FRACTAL_TEST_DEATHS ?? 20)
/** The local chain forgets old blocks, so intervals are looked at after so many deaths each time. */
const CHECKED_EVERY = 20
/** For each death, and for the start and the end. */
const TIMEOUT_MS = 600_000 + DEATHS * 60_000

describe('a whole grid whose processes are killed at random', function () {
  this.timeout(TIMEOUT_MS)
  const away = new Absences()
  const site = useTestGrid()
  /** Intervals that were looked at. */
  let checked = 0
  let settled = 0

  async function checkIntervals(): Promise<void> {
    const found = await assertIntervals(site(), { wasAway: away.wasAway, from: checked + 1 })
    settled += found.settled
    checked = found.last
  }

  before(() => {
    console.warn(
      `      the same deaths again: FRACTAL_TEST_SEED=${SEED} FRACTAL_TEST_DEATHS=${DEATHS}`,
    )
  })

  it(`${DEATHS} deaths`, () => {
    let next = CHECKED_EVERY
    return killAtRandom(site(), {
      seed: SEED,
      count: DEATHS,
      away,
      afterEach: async (died) => {
        if (died < next) return
        next = died + CHECKED_EVERY
        await checkIntervals()
      },
    })
  })

  // What abstains settles too.
  it('Postgres: each prover passes again', () => assertAllPassAgain(site()))

  it('Postgres: every interval ended, what settled is whole, and nobody honest was blamed', async () => {
    await checkIntervals()
    assert.ok(settled >= checked / 2, `${settled} of ${checked} intervals settled`)
  })

  it('Postgres: no request of a user was lost, and each was delivered once', () =>
    assertVideos(site()))

  it('Temporal: no workflow failed, each interval’s is over, and one loop runs', () =>
    assertWorkflows(site()))

  it('the chain: it holds of the verifier what the ledger knows, and no more', () =>
    assertChain(site()))
})
