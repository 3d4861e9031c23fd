import assert from 'node:assert/strict'
import { freshNonce, signRequest } from '../../wire/btauth.js'
import { FakeGenerator } from './fake-generator.js'
import { type Site, withSite } from './site.js'

const SECOND_NS = 1_000_000_000n

/** Signs a generation, to be sent as often as one likes. */
function signedRequest(site: Site, nonce: bigint) {
  const body = Buffer.from(JSON.stringify(site.body()))
  const parts = { signer: site.alice, receiver: site.receiver, body, nonce }
  const headers = signRequest({ ...parts, method: 'POST', target: '/v1/generate' })
  return async () => {
    const url = `${site.prover.url}/v1/generate`
    const answer = await fetch(url, { method: 'POST', headers, body })
    const bytes = await answer.arrayBuffer()
    if (answer.ok) return `${answer.status}`
    const { error } = JSON.parse(Buffer.from(bytes).toString()) as { error: { code: string } }
    return `${answer.status} ${error.code}`
  }
}

describe('a request that was used', () => {
  it('is used up, also for a prover that is restarted at once', async () => {
    const generator = new FakeGenerator()
    await withSite({ generator }, async (site) => {
      // As callers' clocks go: right, and as far ahead as they may be.
      const aheads = [0n, 1n, 10n, 19n].map((tenths) => (tenths * SECOND_NS) / 10n)
      const used = aheads.map((ahead) => signedRequest(site, freshNonce() + ahead))
      for (const again of used) {
        assert.equal(await again(), '200')
        assert.equal(await again(), '401 replayed')
      }
      const { length } = generator.began
      await site.prover.close()
      await site.start({ generator, uptimeMs: 0 })
      for (const again of used) assert.equal(await again(), '401 before_start')
      assert.equal(generator.began.length, length)
    })
  })

  it('costs callers nothing where loading the model took longer than clocks may differ', async () => {
    await withSite({ uptimeMs: 2_000 }, async (site) => {
      assert.equal(await signedRequest(site, freshNonce() + SECOND_NS / 10n)(), '200')
      assert.equal((await site.ask(site.body())).kind, 'answered')
    })
  })
})
