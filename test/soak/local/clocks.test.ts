import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { Absences } from '../../support/grid/absences.js'
import {
  assertAllPassAgain,
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { useTestGrid } from '../../support/grid/test-grid.js'
import { ShiftedClocks } from '../grid/shifted-clocks.js'

const HOUR = 3600
const REFUSED = {
  off: 'every prover refuses the time in our requests',
  right: 'provers accept the time in our requests again',
}
const STALE = {
  off: 'every caller’s requests are stale',
  right: 'callers’ requests are accepted again',
}

/** Of our own processes: those of PostgreSQL and Temporal read the clock of their machine, which all of them share. */
describe('the clock of one process jumps an hour, there and back, while intervals run', function () {
  this.timeout(1_200_000)
  before(function () {
    if (!ShiftedClocks.missing) return
    console.warn('      skipped: it takes libfaketime (apt install faketime)')
    this.skip()
  })
  const clocks = new ShiftedClocks()
  const site = useTestGrid({ environment: clocks.environment })
  /** While its clock is wrong, a prover takes no request. */
  const away = new Absences()

  after(() => clocks.remove())

  /** That a process says something after what it has said so far. @returns to be waited for */
  async function says(name: string): Promise<(words: string) => Promise<unknown>> {
    const log = () => readFile(site().state.log(name), 'utf8')
    const { length } = await log()
    return (words) =>
      site().patient(`${name} to say that ${words}`, async () =>
        (await log()).slice(length).includes(words),
      )
  }

  interface Jump {
    readonly seconds: number
    /** What it says of it; nothing where nobody else reads its times. */
    readonly said: { off: string; right: string } | null
    /** Whether users get their videos before the clock is right again. */
    readonly isServed: boolean
  }

  /** @returns the interval for the whole of which the clock was wrong */
  async function jump(name: string, { seconds, said, isServed }: Jump): Promise<number> {
    const { user, grid } = site()
    const { n: first } = await site().nextInRounds()
    const saysNow = await says(name)
    void user.ask(`in ${first}, right before`)
    const isRight = away.begin([name])
    clocks.set(name, seconds)
    const asked = user.ask(`in ${first}, while the clock is wrong`)
    if (said !== null) await saysNow(said.off)
    const { n } = await site().nextInRounds()
    if (isServed) await user.assertCompleted(await asked)
    await site().nextInRounds()
    const saysLater = await says(name)
    clocks.set(name, 0)
    if (said !== null) await saysLater(said.right)
    await user.assertCompleted(await asked)
    isRight()
    assert.equal(await site().ended(n), 'settled')
    await assertAllPassAgain(site())
    assert.deepEqual(grid.endedRoles(), [], 'no process ended')
    return n
  }

  for (const [where, seconds] of [
    ['ahead', HOUR],
    ['behind', -HOUR],
  ] as const) {
    it(`the verifier’s, ${where}: it says so, and nobody is blamed`, () =>
      jump('verifier', { seconds, said: REFUSED, isServed: true }))

    it(`the inference worker’s, ${where}: it says so, nobody is judged, and users wait`, async () => {
      const n = await jump('inference-worker', { seconds, said: REFUSED, isServed: false })
      const verdicts = await verdictsOf(site().db, site().id, n)
      const judged = verdicts.filter(({ verdict }) => verdict !== 'abstained')
      assert.deepEqual(judged, [], `interval ${n} judged nobody`)
    })

    it(`a prover’s, ${where}: it says so, and the other serves`, () =>
      jump('prover-1', { seconds, said: STALE, isServed: true }))

    for (const name of ['gpu-worker', 'api']) {
      it(`that of the ${name}, ${where}: nothing happens`, async () => {
        const n = await jump(name, { seconds, said: null, isServed: true })
        const verdicts = await verdictsOf(site().db, site().id, n)
        const odd = verdicts.filter(({ verdict }) => verdict !== 'pass')
        assert.deepEqual(odd, [], `in interval ${n} all passed`)
      })
    }
  }

  it('lost nothing, counted nothing twice, and failed no workflow', async () => {
    await assertIntervals(site(), { wasAway: away.wasAway })
    await assertVideos(site())
    await assertWorkflows(site())
    await assertChain(site())
  })
})
