import assert from 'node:assert/strict'
import { EngineError } from '../../engine/errors.js'
import { until } from '../support/until.js'
import { FAKE_CLASS, FakeGenerator } from './fake-generator.js'
import { gate, type Site, withSite } from './site.js'

const CHANGED = FAKE_CLASS.replace('cd'.repeat(32), 'ef'.repeat(32))
const HOUR = 3_600_000

/** An engine whose class is looked at when a test says so. */
class Checked extends FakeGenerator {
  found: string | Error = FAKE_CLASS
  looks = 0
  /** Looks that were cancelled. */
  cancelled = 0
  hold: Promise<void> | null = null

  override async classNow({ signal }: { signal?: AbortSignal } = {}): Promise<string> {
    this.looks += 1
    if (this.hold !== null) {
      const stopped = new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([this.hold, stopped])
    }
    if (signal?.aborted) {
      this.cancelled += 1
      throw new EngineError('cancelled', 'The generation was cancelled.')
    }
    if (this.found instanceof Error) throw this.found
    return this.found
  }
}

const readyz = async (site: Site) => {
  const response = await fetch(`${site.prover.url}/readyz`)
  const { reasons } = (await response.json()) as { reasons: object[] }
  return { status: response.status, reasons }
}

describe('A prover and its own class', () => {
  let clock: number
  let generator: Checked
  beforeEach(() => {
    clock = Date.now()
    generator = new Checked()
  })

  const TIMES = { idleMs: HOUR, loadMs: 1.2 * HOUR, patienceMs: HOUR / 6, pollMs: 5 }
  const checking = (run: (site: Site) => Promise<void>) => {
    // Callers' stamps are of now, so the prover's clock may run ahead for its own looks only.
    return withSite({ generator, selfCheck: { ...TIMES, now: () => clock } }, run)
  }

  it('looks again after each hour without work, and goes on serving', async () => {
    await checking(async (site) => {
      clock += HOUR - 1
      const early = await site.ask(site.body())
      assert.equal(early.kind, 'answered')
      assert.equal(generator.looks, 0)
      clock += HOUR - 1
      // The hour began anew with the work, but 72 minutes have passed since the start.
      await until('a look', () => generator.looks === 1)
      clock += HOUR
      await until('a second look', () => generator.looks === 2)
      assert.equal((await site.ask(site.body())).kind, 'answered')
      assert.deepEqual((await readyz(site)).reasons, [])
    })
  })

  it('stops serving when other bytes come out: once in the log, red, and 429 to whoever asks', async () => {
    await checking(async (site) => {
      generator.found = CHANGED
      clock += HOUR
      await until('the log line', () => site.logged.some((line) => line.includes('stops serving')))
      const { status, reasons } = await readyz(site)
      assert.equal(status, 503)
      assert.match(JSON.stringify(reasons), /"class".*differently/)
      const answer = await site.ask(site.body())
      assert.equal(answer.kind, 'refused', JSON.stringify(answer))
      clock += 5 * HOUR
      generator.found = FAKE_CLASS
      await site.ask(site.body())
      assert.equal(generator.looks, 1, 'only a restart serves again')
      assert.equal(site.logged.filter((line) => line.includes('stops serving')).length, 1)
    })
  })

  it('gives way to a caller, and looks again once it is idle', async () => {
    await checking(async (site) => {
      generator.hold = new Promise(() => {})
      clock += HOUR
      await until('a look', () => generator.looks === 1)
      assert.equal((await site.ask(site.body())).kind, 'answered')
      assert.equal(generator.cancelled, 1)
      generator.hold = null
      await until('a second look', () => generator.looks === 2)
      assert.deepEqual((await readyz(site)).reasons, [])
    })
  })

  it('takes a place like a caller’s once it has given way for long', async () => {
    await checking(async (site) => {
      const { open, passed } = gate()
      generator.hold = passed
      clock += HOUR + TIMES.patienceMs + 1
      await until('a look', () => generator.looks === 1)
      const asked = site.ask(site.body())
      await until('both in the queue', async () => {
        const info = await (await fetch(`${site.prover.url}/v1/info`)).json()
        return (info as { queue_length: number }).queue_length === 2
      })
      assert.equal(generator.cancelled, 0)
      open()
      assert.equal((await asked).kind, 'answered')
    })
  })

  it('takes an engine that fails for no change, and tries again', async () => {
    await checking(async (site) => {
      generator.found = new EngineError('out_of_memory', 'The model ran out of memory.')
      clock += HOUR
      await until('a second look', () => generator.looks > 1)
      generator.found = FAKE_CLASS
      const looks = generator.looks
      await until('one more look', () => generator.looks > looks)
      assert.deepEqual((await readyz(site)).reasons, [])
      assert.equal((await site.ask(site.body())).kind, 'answered')
    })
  })
})
