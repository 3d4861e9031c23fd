import assert from 'node:assert/strict'
import type { Signer } from '../../base/sr25519.js'
import type { GenerationBody } from '../../formats/generation.js'
import type { RequestOptions } from '../../wire/client.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import { devSigner } from '../wire/keys.js'
import { FakeGenerator } from './fake-generator.js'
import { gate, type Site, withSite } from './site.js'

const DAY_MS = 86_400_000
const reasonOf = (outcome: RequestOutcome) =>
  outcome.kind === 'failed' ? `${outcome.reason}: ${outcome.message}` : outcome.kind

/** Whose steps wait for the test, for prompts that say so. */
function heldFor(prompt: string) {
  const reached = gate()
  const release = gate()
  const generator = new FakeGenerator({
    beforeStep: async (step, params) => {
      if (params.prompt !== prompt || step < 2) return
      reached.open()
      await release.passed
    },
  })
  return { generator, reached, release }
}

/** Resolves, once the prover has taken the request, with a promise of its outcome. */
async function taken(site: Site, body: GenerationBody, changes: Partial<RequestOptions>) {
  const accepted = gate()
  const outcome = site.ask(body, { ...changes, onRecord: accepted.open }).then(reasonOf)
  await Promise.race([accepted.passed, outcome])
  return { outcome }
}

async function register(site: Site, ...uris: string[]): Promise<Signer[]> {
  const signers = await Promise.all(uris.map(devSigner))
  for (const { ss58 } of signers) {
    site.callers.set(ss58, { validatorPermit: false, stakeRao: 10n ** 20n })
  }
  return signers
}

describe('callers without a permit', () => {
  it('take no place from one with a permit, with the largest requests and a day of time', async () => {
    await withSite({}, async (site) => {
      const strangers = await register(site, '//Charlie', '//Dave', '//Eve')
      const body = (changes: Partial<GenerationBody> = {}) =>
        site.body({ deadline_ms: DAY_MS, ...changes })
      const huge = { ...body().sampling_params, num_inference_steps: 1000, width: 512, height: 512 }
      const attacks = strangers.flatMap((signer) => [
        taken(site, body({ sampling_params: huge }), { signer }),
        taken(site, body(), { signer }),
        taken(site, body(), { signer }),
      ])
      await Promise.all(attacks)
      for (let i = 0; i < 10; i++) {
        const both = await Promise.all([site.ask(site.body()), site.ask(site.body())])
        assert.deepEqual(both.map(reasonOf), ['answered', 'answered'], `request ${2 * i}`)
        void taken(site, body(), { signer: strangers[i % 3]! })
      }
    })
  })

  it('give way to one with a permit, waiting and at work', async () => {
    const { generator, reached, release } = heldFor('strange')
    await withSite({ gpus: 2, generator }, async (site) => {
      const [charlie, dave] = await register(site, '//Charlie', '//Dave')
      const first = await taken(site, site.body({ query: 'strange' }), { signer: charlie! })
      await reached.passed
      const second = await taken(site, site.body({ query: 'strange' }), { signer: dave! })
      const asked = [1, 2, 3].map(() => site.ask(site.body({ query: 'ours' })))
      const gaveWay = /^error: internal: a caller with a validator permit needed this place/
      assert.match(await first.outcome, gaveWay)
      assert.match(await second.outcome, gaveWay)
      release.open()
      assert.deepEqual((await Promise.all(asked)).map(reasonOf), Array(3).fill('answered'))
      assert.deepEqual(generator.began, ['strange', 'strange', 'ours', 'ours', 'ours'])
      const metrics = await (await fetch(`${site.prover.url}/metrics`)).text()
      assert.match(metrics, /requests_total\{outcome="gave_way",role="prover"\} 2/)
    })
  })

  it('ask for at most the standard work, others for four times as much', async () => {
    await withSite({}, async (site) => {
      const [charlie] = await register(site, '//Charlie')
      const steps = async (count: number, changes: Partial<RequestOptions> = {}) => {
        const body = site.body()
        body.sampling_params.num_inference_steps = count
        return reasonOf(await site.ask(body, changes))
      }
      assert.equal(await steps(3, { signer: charlie! }), 'answered')
      assert.match(
        await steps(4, { signer: charlie! }),
        /403 work_needs_permit: .*standard work, 384/,
      )
      assert.equal(await steps(12), 'answered')
      assert.match(await steps(13), /400 invalid_request: .*is 1664, more than 4 times .*1536/)
    })
  })
})

describe('callers with a permit', () => {
  it('hold two places for each GPU, and the one that was served least goes next', async () => {
    const { generator, reached, release } = heldFor('first')
    await withSite({ gpus: 2, generator }, async (site) => {
      const dave = await devSigner('//Dave')
      site.callers.set(site.alice.ss58, { validatorPermit: true, stakeRao: 10n ** 20n })
      site.callers.set(dave.ss58, { validatorPermit: true, stakeRao: 1n })
      const first = [
        await taken(site, site.body({ query: 'first' }), {}),
        await taken(site, site.body({ query: 'first' }), {}),
      ]
      await reached.passed
      const second = await taken(site, site.body({ query: 'second' }), {})
      const other = await taken(site, site.body({ query: 'other' }), { signer: dave })
      for (const signer of [site.alice, dave]) {
        assert.equal((await site.ask(site.body(), { signer })).kind, 'refused')
      }
      release.open()
      assert.equal(await other.outcome, 'answered')
      assert.equal(await second.outcome, 'answered')
      for (const { outcome } of first) assert.equal(await outcome, 'answered')
      assert.deepEqual(generator.began, ['first', 'first', 'other', 'second'])
    })
  })
})
