import assert from 'node:assert/strict'
import { Generation } from '../../prover/generation.js'
import { devSigner } from '../wire/keys.js'

/** Asked by Alice, for anything. */
async function generationOf(deadlineMs: number): Promise<Generation> {
  const { ss58 } = await devSigner('//Alice')
  return new Generation({
    ...{ key: 'ab'.repeat(32), rawSha256: 'cd'.repeat(32), raw: new Uint8Array() },
    ...{ caller: ss58, target: '/v1/generate', priority: { permit: true, stakeRao: 0n } },
    claim: { sender: ss58, receiver: ss58, nonce: 1n, signature: '' },
    ...{ work: 1, deadlineMs },
    body: {
      ...{ request_id: '00000000-0000-4000-8000-000000000001', query: 'x', model: 'fake' },
      private_input: { negative_prompt: '' },
      sampling_params: {
        ...{ seed: 7, num_inference_steps: 1, guidance_scale: 3 },
        ...{ width: 8, height: 8, num_frames: 1, fps: 8 },
      },
      deadline_ms: deadlineMs,
    },
  })
}

describe('a generation’s deadline', () => {
  it('is lengthened by the frames, a millisecond for each 2,000 bytes', async () => {
    const generation = await generationOf(50)
    const startedMs = performance.now()
    generation.expireIn(50)
    const ended = new Promise<void>((resolve) => generation.onEnd(resolve))
    generation.emit({ type: 'frame', index: 1 }, new Uint8Array(400_000))
    await ended
    assert.equal(generation.end, 'late')
    assert.ok(performance.now() - startedMs >= 250)
  })
})

describe('a generation’s records', () => {
  it('come in one piece where they are there together, of at most 256 KiB unless one is larger', async () => {
    const generation = await generationOf(60_000)
    const watching = generation.follow(new AbortController().signal)
    const next = async () => (await watching.next()).value
    const small = [1, 2, 3].map((step) => generation.emit({ type: 'progress', step, steps: 3 }))
    assert.deepEqual(await next(), Buffer.concat(small))
    const frames = [100_000, 100_000, 100_000, 300_000].map((bytes, j) =>
      generation.emit({ type: 'frame', index: j + 1 }, new Uint8Array(bytes)),
    )
    assert.deepEqual(await next(), Buffer.concat(frames.slice(0, 2)))
    assert.deepEqual(await next(), frames[2])
    assert.deepEqual(await next(), frames[3])
    const late = next()
    const last = generation.emit({ type: 'frame', index: 5 }, new Uint8Array(1))
    assert.deepEqual(await late, last)
    await watching.return()
    assert.equal(generation.end, 'cancelled')
  })
})
