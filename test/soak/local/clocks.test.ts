import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { assertChain, assertIntervals, assertVideos, assertWorkflows } from '../grid/invariants.js'
import { PROVERS, useSoakGrid } from '../grid/soak-grid.js'

const HOUR_MS = 3_600_000
const folder = mkdtempSync(path.join(tmpdir(), 'fractal-clock-'))
const file = path.join(folder, 'off.json')
const preload = new URL('../grid/shifted-clock.mjs', import.meta.url)
preload.searchParams.set('file', file)

function setClocks(offMs: Readonly<Record<string, number>>): void {
  writeFileSync(`${file}.next`, JSON.stringify(offMs))
  renameSync(`${file}.next`, file)
}

/** Of our processes: those of PostgreSQL and Temporal are the operator's, and of a machine that all of them share. */
describe('clocks that jump an hour, there and back, while intervals run', function () {
  this.timeout(900_000)
  const soak = useSoakGrid({ nodeOptions: `--import=${preload.href}` })
  /** Intervals in which each prover's clock was wrong. */
  const wrong = new Map(PROVERS.map((name) => [name, new Set<number>()]))

  before(() => setClocks({}))

  after(() => rmSync(folder, { recursive: true, force: true }))

  /** The clocks are off for the whole of an interval. @returns its number */
  async function during(offMs: Readonly<Record<string, number>>): Promise<number> {
    const { n: first } = await soak().nextInRounds()
    setClocks(offMs)
    void soak().user.ask(`while the clock is off: ${JSON.stringify(offMs)}`)
    const { n } = await soak().nextInRounds()
    const after = await soak().nextInRounds()
    setClocks({})
    for (const name of Object.keys(offMs)) {
      for (let each = first; each <= after.n; each += 1) wrong.get(name)?.add(each)
    }
    assert.equal(await soak().ended(n), 'settled')
    return n
  }

  /** Once the clocks are right again, checks pass. */
  async function passesAgain(): Promise<void> {
    await soak().patient('an interval in which both provers pass', async () => {
      const n = (await soak().newest()) - 1
      const verdicts = await verdictsOf(soak().db, soak().id, n)
      return PROVERS.every((name) => {
        const { hotkey } = soak().grid.wallets.find((wallet) => wallet.name === name)!
        return verdicts.some((row) => row.hotkey === hotkey && row.verdict === 'pass')
      })
    })
  }

  for (const offMs of [HOUR_MS, -HOUR_MS]) {
    const by = offMs > 0 ? 'ahead' : 'behind'

    it(`those who ask, an hour ${by}: nobody is blamed, and users are served later`, async () => {
      const n = await during({ verifier: offMs, 'inference-worker': offMs })
      const verdicts = await verdictsOf(soak().db, soak().id, n)
      const judged = verdicts.filter(({ verdict }) => verdict !== 'abstained')
      assert.deepEqual(judged, [], `interval ${n} judged nobody`)
      await passesAgain()
    })

    it(`the API and the GPU worker, an hour ${by}: nothing happens`, async () => {
      const n = await during({ api: offMs, 'gpu-worker': offMs })
      const verdicts = await verdictsOf(soak().db, soak().id, n)
      assert.ok(verdicts.some(({ verdict }) => verdict === 'pass'))
    })

    it(`one prover, an hour ${by}: it fails, and the other does not`, async () => {
      await during({ 'prover-1': offMs })
      await passesAgain()
    })
  }

  it('lost nothing, counted nothing twice, and failed no workflow', async () => {
    await assertIntervals(soak(), { wasAway: (name, n) => wrong.get(name)!.has(n) })
    await assertVideos(soak())
    await assertWorkflows(soak())
    await assertChain(soak())
  })
})
