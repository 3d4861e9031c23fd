import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GenerationBody } from '../../formats/generation.js'
import type { RequestOptions } from '../../wire/client.js'
import { fetchInfo } from '../../wire/info.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import { FakeGenerator } from './fake-generator.js'
import { gate, type Site, withSite } from './site.js'

/** A generator whose steps wait for the test, and tell it that they were reached. */
function held(options: { deaf?: boolean } = {}) {
  const reached = gate()
  const release = gate()
  const generator = new FakeGenerator({
    ...options,
    beforeStep: async (step) => {
      if (step === 0) return
      reached.open()
      await release.passed
    },
  })
  return { generator, reached, release }
}

/** Asks, and keeps apart what came: the frames' zlib bytes, and the records' headers. */
async function collect(site: Site, body: GenerationBody, changes: Partial<RequestOptions> = {}) {
  const frames: string[] = []
  const types: string[] = []
  const outcome = await site.ask(body, {
    onRecord: (header) => types.push(header.type),
    onFrame: (_, __, zlib) => void frames.push(Buffer.from(zlib).toString('hex')),
    ...changes,
  })
  return { outcome, frames, types }
}

const reasonOf = (outcome: RequestOutcome) =>
  outcome.kind === 'failed' ? outcome.reason : outcome.kind

async function inFlight(site: Site): Promise<number> {
  const info = await fetchInfo({ address: site.address, allowPrivate: true })
  return info.queue_length
}

describe('a repeated request', () => {
  it('gets the stored answer, frames and signature to the bit, also after a restart', async () => {
    const generator = new FakeGenerator()
    await withSite({ generator }, async (site) => {
      const body = site.body()
      const first = await collect(site, body)
      assert.ok(first.outcome.kind === 'answered')
      const second = await collect(site, body)
      assert.ok(second.outcome.kind === 'answered')
      assert.deepEqual(second.frames, first.frames)
      assert.equal(second.outcome.signature, first.outcome.signature)
      assert.equal(generator.began.length, 1)
      await site.prover.close()
      await site.start({ generator })
      const third = await collect(site, body)
      assert.ok(third.outcome.kind === 'answered')
      assert.deepEqual(third.frames, first.frames)
      assert.equal(third.outcome.signature, first.outcome.signature)
      assert.equal(generator.began.length, 1)
    })
  })

  it('with another body is a conflict, while at work, afterwards and after a restart', async () => {
    const { generator, reached, release } = held()
    await withSite({ generator }, async (site) => {
      const body = site.body()
      const other = { ...body, query: 'a blue star' }
      const asked = site.ask(body)
      await reached.passed
      const during = await site.ask(other)
      assert.ok(during.kind === 'failed' && /409 conflict/.test(during.message))
      release.open()
      assert.equal((await asked).kind, 'answered')
      const after = await site.ask(other)
      assert.ok(after.kind === 'failed' && /409 conflict/.test(after.message))
      await site.prover.close()
      await site.start()
      const restarted = await site.ask(other)
      assert.ok(restarted.kind === 'failed' && /409 conflict/.test(restarted.message))
    })
  })

  it('attaches to the one at work, and keeps it alive when the first caller leaves', async () => {
    const { generator, reached, release } = held()
    await withSite({ generator }, async (site) => {
      const body = site.body()
      const stop = new AbortController()
      const first = site.ask(body, { signal: stop.signal })
      await reached.passed
      const accepted = gate()
      const second = collect(site, body, { onRecord: () => accepted.open() })
      await accepted.passed
      assert.equal(await inFlight(site), 1)
      stop.abort()
      assert.equal(reasonOf(await first), 'cancelled')
      release.open()
      const { outcome } = await second
      assert.equal(reasonOf(outcome), 'answered')
      assert.equal(generator.began.length, 1)
    })
  })

  it('by another caller is another request', async () => {
    await withSite({}, async (site) => {
      site.callers.set(site.charlie.ss58, { validatorPermit: false, stakeRao: 0n })
      const body = site.body()
      assert.equal(reasonOf(await site.ask(body)), 'answered')
      const changed = { ...body, query: 'a blue star' }
      assert.equal(reasonOf(await site.ask(changed, { signer: site.charlie })), 'answered')
    })
  })

  it('is generated again when its answer was dropped for room, to the same frames', async () => {
    const generator = new FakeGenerator()
    await withSite({ generator, answersMaxBytes: 100 }, async (site) => {
      const body = site.body()
      const first = await collect(site, body)
      const second = await collect(site, body)
      assert.ok(first.outcome.kind === 'answered' && second.outcome.kind === 'answered')
      assert.deepEqual(second.frames, first.frames)
      assert.equal(generator.began.length, 2)
    })
  })
})

describe('the queue', () => {
  it('takes as many as declared and refuses the rest with a time to come again', async () => {
    const { generator, reached, release } = held()
    await withSite({ generator }, async (site) => {
      const first = site.ask(site.body())
      await reached.passed
      const waiting = gate()
      const positions: number[] = []
      const second = site.ask(site.body(), {
        onRecord: (header) => {
          if (header.type === 'accepted') positions.push(header.position)
          waiting.open()
        },
      })
      await waiting.passed
      const third = await site.ask(site.body())
      assert.ok(third.kind === 'refused')
      assert.ok((third.retryAfterMs ?? 0) >= 1000)
      assert.equal(await inFlight(site), 2)
      release.open()
      assert.equal(reasonOf(await first), 'answered')
      assert.equal(reasonOf(await second), 'answered')
      assert.deepEqual(positions, [1, 0])
      assert.equal(await inFlight(site), 0)
    })
  })

  it('serves a permit first, then stake, then arrival', async () => {
    const release = { now: gate(), longer: gate() }
    const generator = new FakeGenerator({
      beforeStep: async (_, { prompt }) => {
        if (prompt === 'now' || prompt === 'longer') await release[prompt].passed
      },
    })
    await withSite({ generator, gpus: 2 }, async (site) => {
      site.callers.set(site.charlie.ss58, { validatorPermit: false, stakeRao: 10n ** 18n })
      const outcomes: Promise<string>[] = []
      /** Asks, and waits until the request has its place in the queue. */
      const ask = async (query: string, changes: Partial<RequestOptions>) => {
        const accepted = gate()
        const onRecord = () => accepted.open()
        outcomes.push(site.ask(site.body({ query }), { ...changes, onRecord }).then(reasonOf))
        await accepted.passed
      }
      const queued: [string, Partial<RequestOptions>][] = [
        ['now', {}],
        ['longer', {}],
        ['stake', { signer: site.charlie }],
        ['permit', {}],
      ]
      for (const [query, changes] of queued) await ask(query, changes)
      // One GPU does all the rest, one after another.
      release.now.open()
      const [now, longer, ...rest] = outcomes
      assert.deepEqual(await Promise.all([now, ...rest]), Array(3).fill('answered'))
      release.longer.open()
      assert.equal(await longer, 'answered')
      const waited = generator.began.filter((prompt) => !(prompt in release))
      assert.deepEqual(waited, ['permit', 'stake'])
    })
  })

  it('refuses what it expects to be late, by the time that videos like it took', async () => {
    let work: Promise<void> = Promise.resolve()
    const generator = new FakeGenerator({ beforeStep: (step) => (step === 0 ? work : undefined) })
    await withSite({ generator }, async (site) => {
      const asked = (steps: number, deadline_ms: number, changes: Partial<RequestOptions> = {}) => {
        const body = site.body({ deadline_ms })
        body.sampling_params.num_inference_steps = steps
        return site.ask(body, changes)
      }
      /** Asks one while another of the same size is at work. */
      const second = async (steps: number, deadlineMs: number) => {
        const { passed, open } = gate()
        work = passed
        const first = asked(steps, 20_000)
        while ((await inFlight(site)) < 1);
        const stop = new AbortController()
        const outcome = asked(steps, deadlineMs, {
          signal: stop.signal,
          onRecord: () => stop.abort(),
        })
        const reason = reasonOf(await outcome)
        open()
        await first
        while ((await inFlight(site)) > 0);
        return reason
      }
      const measure = async (steps: number) => {
        work = new Promise<void>((resolve) => setTimeout(resolve, 1000))
        assert.equal(reasonOf(await asked(steps, 20_000)), 'answered')
      }
      await measure(1)
      // Three steps would take 3 s, if a short video said anything of them.
      assert.equal(await second(3, 4000), 'cancelled')
      await measure(3)
      await measure(3)
      // Less than its own work takes, so it does not matter how much of the first one's is done.
      assert.equal(await second(3, 900), 'refused')
      assert.equal(await second(3, 20_000), 'cancelled')
    })
  })

  it('stops the work of a caller that left, between two steps, and keeps nothing of it', async () => {
    const { generator, reached, release } = held()
    await withSite({ generator }, async (site) => {
      const stop = new AbortController()
      const asked = site.ask(site.body(), { signal: stop.signal })
      await reached.passed
      stop.abort()
      assert.equal(reasonOf(await asked), 'cancelled')
      // The abandoned run still holds the generator, but no longer a place in the queue.
      while ((await inFlight(site)) > 0);
      const next = site.ask(site.body())
      release.open()
      assert.equal(reasonOf(await next), 'answered')
      assert.deepEqual(generator.cancelledAt, [1])
    })
  })

  it('drops a waiting request whose caller left', async () => {
    const { generator, reached, release } = held()
    await withSite({ generator }, async (site) => {
      const first = site.ask(site.body({ query: 'first' }))
      await reached.passed
      const stop = new AbortController()
      const second = site.ask(site.body({ query: 'second' }), {
        signal: stop.signal,
        onRecord: () => stop.abort(),
      })
      assert.equal(reasonOf(await second), 'cancelled')
      while ((await inFlight(site)) > 1);
      release.open()
      assert.equal(reasonOf(await first), 'answered')
      assert.deepEqual(generator.began, ['first'])
    })
  })

  it('answers late when the deadline passes, waiting or at work', async () => {
    const { generator, reached, release } = held({ deaf: true })
    await withSite({ generator }, async (site) => {
      const running = site.ask(site.body({ deadline_ms: 150 }))
      await reached.passed
      const waiting = await site.ask(site.body({ deadline_ms: 50 }))
      assert.ok(waiting.kind === 'failed' && waiting.reason === 'late')
      assert.match(waiting.message, /^late: /)
      const late = await running
      assert.ok(late.kind === 'failed' && late.reason === 'late')
      assert.match(late.message, /^late: /)
      release.open()
    })
  })
})

describe('a killed prover', () => {
  it('leaves nothing half-written behind', async () => {
    await withSite({}, async (site) => {
      const { keepDir } = site
      for (const kind of ['answers', 'states']) {
        await mkdir(join(keepDir, kind, '.tmp-1-0'), { recursive: true })
        await writeFile(join(keepDir, kind, '.tmp-1-0', 'state-0.f32'), 'half')
      }
      await mkdir(join(keepDir, 'answers', 'ab'.repeat(32)))
      await writeFile(join(keepDir, 'answers', 'ab'.repeat(32), 'answer.json'), '{"half":')
      await site.prover.close()
      await site.start()
      assert.deepEqual(await readdir(join(keepDir, 'answers')), [])
      assert.deepEqual(await readdir(join(keepDir, 'states')), [])
    })
  })
})
