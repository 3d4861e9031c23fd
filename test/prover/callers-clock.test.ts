import assert from 'node:assert/strict'
import { pino } from 'pino'
import { CallersClock } from '../../prover/callers-clock.js'
import { until } from '../support/until.js'
import { FakeGenerator } from './fake-generator.js'
import { gate, type Site, withSite } from './site.js'

const HOUR_MS = 3_600_000

async function readyz(site: Site): Promise<{ status: number; reasons: { check: string }[] }> {
  const res = await fetch(`${site.prover.url}/readyz`)
  const { reasons } = (await res.json()) as { reasons: { check: string }[] }
  return { status: res.status, reasons }
}

describe('a prover whose clock is wrong', () => {
  it('says so and is not ready while every caller is stale, until one is accepted', async () => {
    let aheadMs = HOUR_MS
    await withSite({ now: () => Date.now() + aheadMs }, async (site) => {
      const refused = await site.ask(site.body())
      assert.ok(refused.kind === 'failed')
      assert.equal(refused.reason, 'stale')
      const { status, reasons } = await readyz(site)
      assert.deepEqual([status, reasons.map(({ check }) => check)], [503, ['clock']])
      const said = site.logged.map((line) => JSON.parse(line)).filter(({ level }) => level >= 30)
      assert.ok(said.some(({ msg }) => /the clock of this machine is wrong/.test(msg)))
      // Set right: its own start is in the future then, which must not make everybody wait for it.
      aheadMs = 0
      assert.equal((await site.ask(site.body())).kind, 'answered')
      assert.equal((await readyz(site)).status, 200)
    })
  })

  for (const jumpMs of [HOUR_MS, -HOUR_MS]) {
    it(`opens what was answered before and while it was set by ${jumpMs} ms`, async () => {
      let aheadMs = 0
      const release = gate()
      let held: Promise<void> | undefined
      const generator = new FakeGenerator({ beforeStep: () => held })
      await withSite({ generator, now: () => Date.now() + aheadMs }, async (site) => {
        const bodies = [site.body(), site.body(), site.body()]
        assert.equal((await site.ask(bodies[0]!)).kind, 'answered')
        // One is computed and one waits when the clock is set.
        held = release.passed
        let accepted = 0
        const both = bodies.slice(1).map((body) =>
          site.ask(body, {
            onRecord({ type }) {
              if (type === 'accepted') accepted += 1
            },
          }),
        )
        await until('both to be accepted', () => accepted === 2)
        aheadMs = jumpMs
        release.open()
        for (const outcome of await Promise.all(both)) assert.equal(outcome.kind, 'answered')
        aheadMs = 0
        for (const { request_id: id } of bodies) {
          const opened = await site.openStep(id, 1)
          assert.equal(opened.kind, 'opened', JSON.stringify(opened))
        }
      })
    })
  }

  it('listens to no stranger and no forger', async () => {
    await withSite({ now: () => Date.now() + HOUR_MS }, async (site) => {
      // Nobody has registered Charlie.
      await site.ask(site.body(), { signer: site.charlie })
      const forged = { ...site.alice, sign: site.charlie.sign }
      await site.ask(site.body(), { signer: forged })
      assert.equal((await readyz(site)).status, 200)
    })
  })

  it('is one caller’s own affair when another is accepted', () => {
    let now = 0
    const clock = new CallersClock(pino({ level: 'silent' }), () => now)
    clock.note('a', 'accepted')
    clock.note('b', 'stale')
    assert.equal(clock.problem(), null)
    now += 600_001
    clock.note('b', 'stale')
    assert.notEqual(clock.problem(), null, 'nobody else was accepted for ten minutes')
    clock.note('b', 'accepted')
    assert.equal(clock.problem(), null)
  })
})
