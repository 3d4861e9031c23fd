import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Absences } from '../grid/absences.js'
import {
  assertAllPassAgain,
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../grid/invariants.js'
import { PROCESSES, useSoakGrid } from '../grid/soak-grid.js'
import { drawDeaths } from '../killed/draw-deaths.js'

const SEED = Number(process.env.FRACTAL_TEST_SEED ?? Date.now() % 1_000_000)
const DEATHS = Number(process.env.FRACTAL_TEST_DEATHS ?? 20)
/** The local chain forgets old blocks, so intervals are looked at after so many deaths each time. */
const CHECKED_EVERY = 20
/** For each death, and for the start and the end. */
const TIMEOUT_MS = 600_000 + DEATHS * 60_000

describe('a whole grid whose processes are killed at random', function () {
  this.timeout(TIMEOUT_MS)
  const away = new Absences()
  const soak = useSoakGrid()
  /** Intervals that were looked at. */
  let checked = 0
  let settled = 0

  async function checkIntervals(): Promise<void> {
    const found = await assertIntervals(soak(), { wasAway: away.wasAway, from: checked + 1 })
    settled += found.settled
    checked = found.last
  }

  before(() => {
    console.warn(
      `      the same deaths again: FRACTAL_TEST_SEED=${SEED} FRACTAL_TEST_DEATHS=${DEATHS}`,
    )
  })

  it(`${DEATHS} deaths`, async () => {
    const { chain, user } = soak()
    let final = await chain.finalized()
    let died = 0
    let next = CHECKED_EVERY
    for (const { who, afterMs, downMs } of drawDeaths(SEED, DEATHS, PROCESSES)) {
      void user.ask(`video-${died}-${SEED}`, { waits: died % 2 === 1 })
      await sleep(afterMs)
      final = await chain.finalized()
      const areBack = away.begin(who)
      await Promise.all(who.map((name) => soak().kill(name)))
      await sleep(downMs)
      for (const name of PROCESSES.filter((each) => who.includes(each))) await soak().start(name)
      areBack()
      const last = await soak().newest()
      died += who.length
      console.warn(`      ${died} of ${DEATHS}: ${who.join(' and ')}, interval ${last}`)
      assert.deepEqual(await chain.blockAt(final.number), final, 'the chain lost a final block')
      if (died < next) continue
      next = died + CHECKED_EVERY
      await checkIntervals()
    }
  })

  // What abstains settles too.
  it('Postgres: each prover passes again', () => assertAllPassAgain(soak()))

  it('Postgres: every interval ended, what settled is whole, and nobody honest was blamed', async () => {
    await checkIntervals()
    assert.ok(settled >= checked / 2, `${settled} of ${checked} intervals settled`)
  })

  it('Postgres: no request of a user was lost, and each was delivered once', () =>
    assertVideos(soak()))

  it('Temporal: no workflow failed, each interval’s is over, and one loop runs', () =>
    assertWorkflows(soak()))

  it('the chain: it holds of the verifier what the ledger knows, and no more', () =>
    assertChain(soak()))
})
