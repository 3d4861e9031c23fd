import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Signer } from '../../base/sr25519.js'
import type { GenerationBody } from '../../formats/generation.js'
import { freshNonce, signRequest } from '../../wire/btauth.js'
import type { RequestOptions } from '../../wire/client.js'
import { takenTarget } from '../../wire/taken.js'
import { FakeGenerator } from './fake-generator.js'
import { gate, type Site, withSite } from './site.js'

/** A prover whose work waits for the test. */
function held() {
  const release = gate()
  const generator = new FakeGenerator({ beforeStep: () => release.passed })
  return { generator, release }
}

/** Resolves, once the prover has accepted it, with a promise of its outcome. */
async function accepted(site: Site, body: GenerationBody, changes: Partial<RequestOptions> = {}) {
  const taken = gate()
  const outcome = site.ask(body, { ...changes, onRecord: taken.open })
  await Promise.race([taken.passed, outcome])
  return { outcome }
}

/** Asks until as many as expected are shown: they arrive beside the answers, in their own time. */
async function shown(
  site: Site,
  signer: Signer,
  expected: number,
  changes: Partial<RequestOptions> = {},
) {
  for (;;) {
    const outcome = await site.ask(site.body(), { signer, ...changes })
    assert.ok(outcome.kind === 'refused', outcome.kind)
    if (outcome.taken.length >= expected) return outcome.taken
  }
}

/** Posts a confirmation of whatever kind. */
async function post(
  site: Site,
  requestId: string,
  { signer = site.alice, body = '', query = '', receiver = site.receiver } = {},
) {
  const target = `${takenTarget(requestId)}${query}`
  const parts = { method: 'POST', target, body: Buffer.from(body), receiver, signer }
  const headers = signRequest({ ...parts, nonce: freshNonce() })
  const answer = await fetch(`${site.prover.url}${target}`, { method: 'POST', headers, body })
  await answer.arrayBuffer()
  return answer.status
}

describe('a prover that refuses', () => {
  it('shows a verifier the requests of another that hold it, and no more once they are done', async () => {
    const { generator, release } = held()
    await withSite({ generator }, async (site) => {
      site.callers.set(site.charlie.ss58, { validatorPermit: true, stakeRao: 1n })
      const bodies = [site.body(), site.body()]
      const asked = [await accepted(site, bodies[0]!), await accepted(site, bodies[1]!)]
      const taken = await shown(site, site.charlie, 2)
      assert.deepEqual(
        taken.toSorted(),
        bodies.map((body) => body.request_id),
      )
      // Its own are no excuse towards itself.
      const own = await site.ask(site.body())
      assert.deepEqual(own, { kind: 'refused', retryAfterMs: 1000, taken: [] })
      release.open()
      for (const { outcome } of asked) assert.equal((await outcome).kind, 'answered')
      const next = await site.ask(site.body(), { signer: site.charlie })
      assert.equal(next.kind, 'answered')
    })
  })

  it('shows what a caller without a permit confirms to nobody who believes it', async () => {
    const { generator, release } = held()
    await withSite({ generator }, async (site) => {
      const { alice, charlie } = site
      site.callers.set(charlie.ss58, { validatorPermit: true, stakeRao: 1n })
      const asked = [await accepted(site, site.body()), await accepted(site, site.body())]
      await shown(site, charlie, 2)
      // The permit is gone by the verifier's metagraph.
      const mayVerify = (hotkey: string) => hotkey !== alice.ss58
      const outcome = await site.ask(site.body(), { signer: charlie, mayVerify })
      assert.ok(outcome.kind === 'refused')
      assert.deepEqual(outcome.taken, [])
      const failing = () => Promise.reject(new Error('the chain is away'))
      const away = await site.ask(site.body(), { signer: charlie, mayVerify: failing })
      assert.ok(away.kind === 'refused')
      assert.deepEqual(away.taken, [])
      release.open()
      await Promise.all(asked.map(({ outcome: one }) => one))
    })
  })
})

describe('confirming that a request was taken', () => {
  it('is for the caller that asked, while the request is in flight, without body or query', async () => {
    const { generator, release } = held()
    await withSite({ generator }, async (site) => {
      site.callers.set(site.charlie.ss58, { validatorPermit: true, stakeRao: 1n })
      const body = site.body()
      const { outcome } = await accepted(site, body)
      const id = body.request_id
      assert.equal(await post(site, id), 204)
      assert.equal(await post(site, id), 204, 'again')
      assert.equal(await post(site, id, { signer: site.charlie }), 404)
      assert.equal(await post(site, id, { body: '{}' }), 400)
      assert.equal(await post(site, id, { query: '?a=b' }), 400)
      assert.equal(await post(site, id, { receiver: site.charlie.ss58 }), 401)
      assert.equal(await post(site, 'no-uuid'), 400)
      assert.equal((await fetch(`${site.prover.url}${takenTarget(id)}`)).status, 405)
      release.open()
      assert.equal((await outcome).kind, 'answered')
      assert.equal(await post(site, id), 404, 'done')
    })
  })
})
