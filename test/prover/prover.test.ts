import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { EngineError } from '../../engine/errors.js'
import { freshNonce, signRequest } from '../../wire/btauth.js'
import { fetchInfo } from '../../wire/info.js'
import { MAX_REQUEST_BYTES } from '../../wire/limits.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import { until } from '../support/until.js'
import { FAKE_CLASS, FakeGenerator } from './fake-generator.js'
import { gate, type Site, withSite } from './site.js'

const reasonOf = (outcome: RequestOutcome) =>
  outcome.kind === 'failed' ? `${outcome.reason}: ${outcome.message}` : outcome.kind

describe('prover', () => {
  it('answers a signed request with a signed stream, the same for the same request', async () => {
    await withSite({}, async (site) => {
      const frames: Buffer[] = []
      const onFrame = (_: number, rgb: Uint8Array) => void frames.push(Buffer.from(rgb))
      const outcome = await site.ask(site.body(), { onFrame })
      assert.ok(outcome.kind === 'answered', reasonOf(outcome))
      assert.equal(frames.length, 2)
      assert.equal(outcome.determinismClass, FAKE_CLASS)
      const again = await site.ask(site.body())
      assert.ok(again.kind === 'answered')
      assert.equal(again.framesSha256, outcome.framesSha256)
      assert.equal(again.traceRoot, outcome.traceRoot)
    })
  })

  it('reports that a prompt was cut', async () => {
    await withSite({}, async (site) => {
      const outcome = await site.ask(site.body({ query: 'long '.repeat(20_000) }))
      assert.ok(outcome.kind === 'answered', reasonOf(outcome))
      assert.deepEqual(outcome.warnings, ['prompt_truncated'])
    })
  })

  it('says what it is', async () => {
    await withSite({}, async (site) => {
      const info = await fetchInfo({ address: site.address, allowPrivate: true })
      assert.deepEqual(info, {
        versions: { fractal: '0.0.0', wire: '1', auth: 'btauth/1' },
        hotkey: site.receiver,
        model: 'fake',
        model_root: 'ab'.repeat(32),
        determinism_class: FAKE_CLASS,
        software: { fake: '1' },
        gpus: 1,
        capacity: 2,
        queue_length: 0,
      })
      const health = await fetch(`${site.prover.url}/healthz`)
      assert.equal(health.status, 200)
      await site.ask(site.body())
      const metrics = await (await fetch(`${site.prover.url}/metrics`)).text()
      assert.match(metrics, /fractal_prover_requests_total\{outcome="done",role="prover"\} 1/)
      assert.match(metrics, /fractal_prover_generation_seconds_count\{role="prover"\} 1/)
      const proxied = { headers: { 'X-Forwarded-For': '8.8.8.8' } }
      assert.equal((await fetch(`${site.prover.url}/metrics`, proxied)).status, 404)
      assert.equal((await fetch(`${site.prover.url}/nothing`)).status, 404)
      assert.equal((await fetch(`${site.prover.url}/v1/generate`)).status, 405)
      assert.equal((await fetch(`${site.prover.url}/v1/info`, { method: 'POST' })).status, 405)
    })
  })

  it('never logs a prompt, also when the engine fails with it in its message', async () => {
    const generator = new FakeGenerator({
      beforeStep: (_, params) => {
        if (params.seed === 666) throw new Error(`cannot draw ${params.prompt}`)
      },
    })
    await withSite({ generator }, async (site) => {
      const body = site.body({ query: 'a very secret prompt' })
      await site.ask(body)
      body.sampling_params.seed = 666
      const failed = await site.ask({ ...body, request_id: site.body().request_id })
      assert.equal(reasonOf(failed), 'error: internal: the generation failed')
      await site.ask({ ...body, sampling_params: { ...body.sampling_params, seed: -1 } })
      const log = site.logged.join('')
      assert.match(log, /generation failed/)
      assert.ok(!log.includes('secret'), log)
      assert.ok(!log.includes('hidden'), log)
    })
  })

  describe('admission', () => {
    it('lets in whom the rules allow, after the signature', async () => {
      await withSite({}, async (site) => {
        const stranger = { signer: site.charlie }
        assert.match(reasonOf(await site.ask(site.body(), stranger)), /403 not_registered/)
        site.callers.set(site.charlie.ss58, { validatorPermit: false, stakeRao: 5n })
        assert.equal((await site.ask(site.body(), stranger)).kind, 'answered')
      })
      const forced = { forceVerifierPermit: true, allowNonRegistered: true }
      await withSite({ blacklist: forced }, async (site) => {
        const stranger = { signer: site.charlie }
        assert.match(reasonOf(await site.ask(site.body(), stranger)), /403 no_permit/)
        assert.equal((await site.ask(site.body())).kind, 'answered')
      })
      const open = { forceVerifierPermit: false, allowNonRegistered: true }
      await withSite({ blacklist: open }, async (site) => {
        assert.equal((await site.ask(site.body(), { signer: site.charlie })).kind, 'answered')
      })
    })

    it('does not look up a caller that did not sign, and says so when the chain is down', async () => {
      const asked: string[] = []
      const lookup = async (hotkey: string) => {
        asked.push(hotkey)
        throw new Error('the chain is away')
      }
      await withSite({ lookup }, async (site) => {
        const forged = { ...site.charlie, ss58: site.alice.ss58 }
        assert.match(reasonOf(await site.ask(site.body(), { signer: forged })), /401 bad_signature/)
        assert.deepEqual(asked, [])
        assert.match(reasonOf(await site.ask(site.body())), /503 chain_unreachable/)
        assert.deepEqual(asked, [site.alice.ss58])
      })
    })

    it('refuses a request that is replayed, misdirected, or not signed', async () => {
      await withSite({}, async (site) => {
        const body = Buffer.from(JSON.stringify(site.body()))
        const sign = (receiver: string, nonce: bigint) =>
          signRequest({
            signer: site.alice,
            receiver,
            method: 'POST',
            target: '/v1/generate',
            body,
            nonce,
          })
        const post = async (headers: Record<string, string>, query = '') => {
          const url = `${site.prover.url}/v1/generate${query}`
          const answer = await fetch(url, { method: 'POST', headers, body })
          if (answer.ok) return `${answer.status} ${(await answer.arrayBuffer()).byteLength > 0}`
          const { error } = (await answer.json()) as { error: { code: string } }
          return `${answer.status} ${error.code}`
        }
        const headers = sign(site.receiver, freshNonce())
        assert.equal(await post(headers, '?stream=true'), '401 bad_signature')
        assert.equal(await post(headers), '200 true')
        assert.equal(await post(headers), '401 replayed')
        assert.equal(await post(sign(site.alice.ss58, freshNonce())), '401 wrong_receiver')
        assert.equal(await post(sign(site.receiver, freshNonce() - 60_000_000_000n)), '401 stale')
        assert.equal(await post({}), '401 malformed')
        const early = sign(site.receiver, freshNonce() - 9_000_000_000n)
        assert.equal(await post(early), '401 before_start')
      })
    })
  })

  describe('bad requests', () => {
    const codes: [string, (site: Site) => object, RegExp][] = [
      ['another model', (s) => s.body({ model: 'other' }), /400 model_unknown/],
      ['a seed above 32 bits', (s) => sampling(s, { seed: 2 ** 32 }), /400 invalid_request.*seed/],
      ['a fractional seed', (s) => sampling(s, { seed: 0.5 }), /400 invalid_request.*seed/],
      ['no steps', (s) => sampling(s, { num_inference_steps: 0 }), /400 invalid_request.*steps/],
      [
        'a million frames',
        (s) => sampling(s, { num_frames: 1_000_000 }),
        /400 invalid_request.*frames/,
      ],
      ['a member too many', (s) => ({ ...s.body(), extra: 1 }), /400 invalid_request/],
    ]
    const sampling = (site: Site, changes: object) => {
      const body = site.body()
      return { ...body, sampling_params: { ...body.sampling_params, ...changes } }
    }

    for (const [name, make, expected] of codes) {
      it(`are refused: ${name}`, async () => {
        await withSite({}, async (site) => {
          const body = Buffer.from(JSON.stringify(make(site)))
          const outcome = await site.ask(site.body(), { body })
          assert.match(reasonOf(outcome), /^invalid_request/)
          assert.match(reasonOf(outcome), expected)
        })
      })
    }

    it('that only the model can tell are error records', async () => {
      await withSite({}, async (site) => {
        const body = sampling(site, { width: 12 })
        const outcome = await site.ask(body)
        assert.equal(
          reasonOf(outcome),
          'invalid_request: invalid_request: width is no multiple of 8',
        )
      })
    })

    it('that are too large are refused before they are read', async () => {
      await withSite({}, async (site) => {
        const body = Buffer.alloc(MAX_REQUEST_BYTES + 1, 0x20)
        const headers = signRequest({
          signer: site.alice,
          receiver: site.receiver,
          method: 'POST',
          target: '/v1/generate',
          body,
          nonce: freshNonce(),
        })
        const socket = connect(site.prover.port, '127.0.0.1')
        const lines = Object.entries({ ...headers, Host: 'x', 'Content-Length': `${body.length}` })
        socket.write(
          `POST /v1/generate HTTP/1.1\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`,
        )
        const [answer] = (await once(socket, 'data')) as [Buffer]
        assert.match(answer.toString(), /^HTTP\/1\.1 413 /)
        socket.destroy()
      })
    })

    it('out of memory is reported as such', async () => {
      const generator = new FakeGenerator({
        beforeStep: () => {
          throw new EngineError('out_of_memory', 'no room')
        },
      })
      await withSite({ generator }, async (site) => {
        assert.match(reasonOf(await site.ask(site.body())), /^out_of_memory/)
      })
    })
  })

  it('ends connections that send too slowly', async () => {
    await withSite({ timeouts: { headersMs: 100, requestMs: 200 } }, async (site) => {
      const silent = connect(site.prover.port, '127.0.0.1')
      const slow = connect(site.prover.port, '127.0.0.1')
      slow.write('POST /v1/generate HTTP/1.1\r\nHost: x\r\nX-')
      for (const socket of [silent, slow]) socket.on('error', () => {}).resume()
      await Promise.all([once(silent, 'close'), once(slow, 'close')])
    })
  })

  it('ends what is in flight when it stops', async () => {
    const started = gate()
    const release = gate()
    const generator = new FakeGenerator({
      beforeStep: () => {
        started.open()
        return release.passed
      },
    })
    await withSite({ generator }, async (site) => {
      const asked = site.ask(site.body())
      await started.passed
      const closed = site.prover.close()
      assert.equal(reasonOf(await asked), 'error: internal: the prover is stopping')
      release.open()
      await closed
    })
  })

  it('finishes what it has begun before it stops, and refuses what is new', async () => {
    const started = gate()
    const release = gate()
    const generator = new FakeGenerator({
      beforeStep: () => {
        started.open()
        return release.passed
      },
    })
    await withSite({ generator }, async (site) => {
      const [body, waiting] = [site.body(), site.body()]
      const asked = [site.ask(body), site.ask(waiting)]
      await started.passed
      await until('both to be taken', async () => {
        const info = await fetchInfo({ address: site.address, allowPrivate: true })
        return info.queue_length === 2
      })
      const drained = site.prover.drain(60_000)
      const refused = await site.ask(site.body())
      assert.equal(refused.kind, 'refused')
      const ready = await fetch(`${site.prover.url}/readyz`)
      assert.equal(ready.status, 503)
      assert.match(await ready.text(), /stopping/)
      release.open()
      const outcomes = await Promise.all(asked)
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['answered', 'answered'],
      )
      await drained
      // It may be asked for what it kept until it is gone.
      assert.equal((await site.ask(body)).kind, 'answered')
    })
  })

  it('gives up what is not finished in time', async () => {
    const started = gate()
    const release = gate()
    const generator = new FakeGenerator({
      beforeStep: () => {
        started.open()
        return release.passed
      },
    })
    await withSite({ generator }, async (site) => {
      const asked = site.ask(site.body())
      await started.passed
      await site.prover.drain(50)
      const closed = site.prover.close()
      assert.equal(reasonOf(await asked), 'error: internal: the prover is stopping')
      release.open()
      await closed
    })
  })

  it('refuses who is being let in when it stops, and works for nobody any more', async () => {
    const asked = gate()
    const known = gate()
    const generator = new FakeGenerator()
    const lookup = async () => {
      asked.open()
      await known.passed
      return { validatorPermit: true, stakeRao: 1n }
    }
    await withSite({ generator, lookup }, async (site) => {
      const outcome = site.ask(site.body())
      await asked.passed
      const closed = site.prover.close()
      known.open()
      assert.equal((await outcome).kind, 'refused')
      await closed
      assert.deepEqual(generator.began, [])
    })
  })
})
