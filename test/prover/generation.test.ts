import assert from 'node:assert/strict'
import { Generation } from '../../prover/generation.js'
import { devSigner } from '../wire/keys.js'

describe('a generation’s deadline', () => {
  it('is lengthened by the frames, a millisecond for each 2,000 bytes', async () => {
    const { ss58 } = await devSigner('//Alice')
    const generation = new Generation({
      ...{ key: 'ab'.repeat(32), rawSha256: 'cd'.repeat(32), raw: new Uint8Array() },
      ...{ caller: ss58, target: '/v1/generate', priority: { permit: true, stakeRao: 0n } },
      claim: { sender: ss58, receiver: ss58, nonce: 1n, signature: '' },
      ...{ work: 1, deadlineMs: 50 },
      body: {
        ...{ request_id: '00000000-0000-4000-8000-000000000001', query: 'x', model: 'fake' },
        private_input: { negative_prompt: '' },
        sampling_params: {
          ...{ seed: 7, num_inference_steps: 1, guidance_scale: 3 },
          ...{ width: 8, height: 8, num_frames: 1, fps: 8 },
        },
        deadline_ms: 50,
      },
    })
    const startedMs = performance.now()
    generation.expireIn(50)
    const ended = new Promise<void>((resolve) => generation.onEnd(resolve))
    generation.emit({ type: 'frame', index: 1 }, new Uint8Array(400_000))
    await ended
    assert.equal(generation.end, 'late')
    assert.ok(performance.now() - startedMs >= 250)
  })
})
