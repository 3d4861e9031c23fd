import assert from 'node:assert/strict'
import fc from 'fast-check'
import { storedParams } from '../../activities/shared/stored-request.js'
import {
  type GenerationParams,
  generationBody,
  generationParams,
  SEED_MAX,
} from '../../formats/generation.js'
import { LedgerError } from '../../ledger/errors.js'
import { decodeBody, encodeBody } from '../../wire/generation-body.js'
import { FakeGenerator } from '../prover/fake-generator.js'
import { withSite } from '../prover/site.js'

const ID = '3d6f0a52-8d0c-4d8e-9b1a-0123456789ab'
/** No two numbers are equal: one that lands in another's place shows. */
const PARAMS: GenerationParams = {
  prompt: 'a red circle moves right',
  negativePrompt: 'blur',
  seed: SEED_MAX,
  steps: 3,
  guidanceMilli: 7125,
  frames: 2,
  width: 16,
  height: 8,
  fps: 12,
}

function encoded(params: GenerationParams): Uint8Array {
  const body = generationBody(params, { request_id: ID, model: 'fake' })
  return encodeBody({ ...body, deadline_ms: 30_000 }).bytes
}

describe('from a request’s bytes to the engine', () => {
  it('has each value in its place, and the same bytes for ever', () => {
    const bytes = encoded(PARAMS)
    assert.equal(
      Buffer.from(bytes).toString(),
      `{"request_id":"${ID}","query":"a red circle moves right","private_input":{"negative_prompt":"blur"},` +
        '"sampling_params":{"seed":4294967295,"num_inference_steps":3,"guidance_scale":7.125,"width":16,' +
        '"height":8,"num_frames":2,"fps":12},"model":"fake","deadline_ms":30000}',
    )
    assert.deepEqual(generationParams(decodeBody(bytes)), PARAMS)
  })

  it('loses nothing of any request', () => {
    const count = fc.integer({ min: 1, max: 1_000_000 })
    const members = {
      prompt: fc.string({ unit: 'grapheme', maxLength: 50 }),
      negativePrompt: fc.string({ unit: 'binary', maxLength: 50 }),
      seed: fc.integer({ min: 0, max: SEED_MAX }),
      steps: count,
      guidanceMilli: fc.integer({ min: 0, max: 1_000_000 }),
      frames: count,
      width: count,
      height: count,
      fps: fc.integer({ min: 1, max: 1000 }),
    }
    const params = fc.record(members, { noNullPrototype: true })
    fc.assert(
      fc.property(params, (some) => {
        assert.deepEqual(generationParams(decodeBody(encoded(some))), some)
      }),
      { seed: 20261122 },
    )
  })

  it('is one way: the prover generates what the verifier computes again', async () => {
    const bytes = encoded(PARAMS)
    const generated: GenerationParams[] = []
    const generator = new FakeGenerator({ beforeStep: (_, params) => void generated.push(params) })
    await withSite({ generator }, async (site) => {
      const expected = storedParams({ requestId: ID, body: bytes })
      const outcome = await site.ask(decodeBody(bytes), { body: bytes, expected })
      assert.equal(outcome.kind, 'answered')
      assert.deepEqual(generated[0], expected)
    })
  })

  it('names the stored request that is none any more, and quotes nothing of it', () => {
    for (const body of ['', '{"query":"my secret"}', '[]']) {
      assert.throws(
        () => storedParams({ requestId: ID, body: Buffer.from(body) }),
        (error) => {
          assert.ok(error instanceof LedgerError && error.code === 'row_invalid')
          assert.ok(error.message.includes(ID) && !error.message.includes('secret'))
          return true
        },
      )
    }
  })
})
