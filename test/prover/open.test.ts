import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex } from '../../formats/bytes.js'
import { traceRoot } from '../../formats/trace.js'
import { requestKey } from '../../prover/generate-route.js'
import type { OpeningOutcome } from '../../wire/open.js'
import { type Site, withSite } from './site.js'

const codeOf = (outcome: OpeningOutcome) =>
  outcome.kind === 'refused' ? outcome.code : outcome.kind === 'failed' ? outcome.reason : 'opened'
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function answered(site: Site) {
  const body = site.body()
  const outcome = await site.ask(body)
  assert.ok(outcome.kind === 'answered')
  return { id: body.request_id, outcome }
}

describe('opening an answer', () => {
  for (const step of [1, 2, 3]) {
    it(`shows the states around step ${step}, as their digests and the signed trace say`, async () => {
      await withSite({}, async (site) => {
        const { id, outcome } = await answered(site)
        const opened = await site.openStep(id, step)
        assert.ok(opened.kind === 'opened', codeOf(opened))
        const { opening } = opened
        const [steps, frames] = [opening.stepDigests, opening.frameDigests]
        assert.equal(traceRoot(steps.map(fromHex), frames.map(fromHex)), outcome.traceRoot)
        assert.deepEqual(frames, outcome.frameDigests)
        assert.equal(sha256(opening.stateBefore), steps[step - 1])
        assert.equal(sha256(opening.stateAfter), steps[step])
        assert.equal(sha256(opening.finalLatents), steps[3])
      })
    })
  }

  it('is given twice; the same again is free, a third is refused, also after a restart', async () => {
    await withSite({}, async (site) => {
      const { id } = await answered(site)
      assert.equal(codeOf(await site.openStep(id, 1)), 'opened')
      assert.equal(codeOf(await site.openStep(id, 1)), 'opened')
      await site.prover.close()
      await site.start()
      const [second, third] = await Promise.all([site.openStep(id, 2), site.openStep(id, 3)])
      assert.deepEqual([codeOf(second), codeOf(third)].sort(), ['opened', 'opened_twice'])
      assert.equal(codeOf(await site.openStep(id, 1)), 'opened')
      assert.equal(codeOf(await site.openStep(id, 1, 2)), 'opened_twice')
    })
  })

  it('is refused to others, for unknown requests, and outside of the answer', async () => {
    await withSite({}, async (site) => {
      site.callers.set(site.charlie.ss58, { validatorPermit: true, stakeRao: 10n ** 20n })
      const { id } = await answered(site)
      assert.equal(codeOf(await site.openStep(id, 1, 1, site.charlie)), 'unknown_request')
      assert.equal(codeOf(await site.openStep(site.body().request_id, 1)), 'unknown_request')
      assert.equal(codeOf(await site.openStep(id, 4)), 'invalid_request')
      assert.equal(codeOf(await site.openStep(id, 0)), 'invalid_request')
      assert.equal(codeOf(await site.openStep(id, 1, 3)), 'invalid_request')
      assert.equal(codeOf(await site.openStep('../../etc', 1)), 'not_found')
      assert.equal(codeOf(await site.openStep('no-uuid', 1)), 'invalid_request')
    })
  })

  it('is refused 3 minutes after done', async () => {
    await withSite({}, async (site) => {
      const ids = [(await answered(site)).id, (await answered(site)).id]
      await site.prover.close()
      for (const [i, ageMs] of [175_000, 181_000].entries()) {
        const key = requestKey(site.alice.ss58, ids[i]!)
        const path = join(site.keepDir, 'answers', key, 'answer.json')
        const answer = JSON.parse(await readFile(path, 'utf8'))
        await writeFile(path, JSON.stringify({ ...answer, done_at_ms: Date.now() - ageMs }))
      }
      await site.start()
      assert.equal(codeOf(await site.openStep(ids[0]!, 1)), 'opened')
      assert.equal(codeOf(await site.openStep(ids[1]!, 1)), 'too_late')
    })
  })

  it('is refused when the states went for room', async () => {
    await withSite({ statesMaxBytes: 2000 }, async (site) => {
      const first = await answered(site)
      assert.equal(codeOf(await site.openStep(first.id, 1)), 'opened')
      for (let i = 0; i < 4; i++) await answered(site)
      assert.equal(codeOf(await site.openStep(first.id, 2)), 'states_gone')
    })
  })

  it('is promised for no answer whose states are larger than their bound', async () => {
    await withSite({ statesMaxBytes: 100 }, async (site) => {
      const outcome = await site.ask(site.body())
      assert.ok(outcome.kind === 'failed' && outcome.reason === 'out_of_memory')
      assert.deepEqual(await readdir(join(site.keepDir, 'states')), [])
    })
  })
})
