import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type Engine, openEngine } from '../../engine/engine.js'
import { fromHex } from '../../formats/bytes.js'
import { generationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import { requestOpening } from '../../wire/open.js'
import { withSite } from './site.js'

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url))
const MODELS = {
  'ms-1.7b’s': fixture('tiny-model/model'),
  'Wan’s': fixture('wan-model/model'),
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

for (const [name, modelDir] of Object.entries(MODELS)) {
  describe(`prover with the real engine, ${name} architecture`, () => {
    let generator: Engine

    before(async () => {
      generator = await openEngine({ modelDir, device: 'cpu' })
    })

    after(() => generator.close())

    it('answers what the engine gives by itself, opens it, and stops when the caller leaves', async () => {
      const { descriptor, modelRoot } = generator
      assert.ok(descriptor !== null)
      const { steps, frames, width, height, fps, name } = descriptor
      await withSite({ generator }, async (site) => {
        const body = site.body({ model: name })
        body.sampling_params = {
          seed: 7,
          num_inference_steps: steps,
          guidance_scale: descriptor.guidanceMilli / 1000,
          width,
          height,
          num_frames: frames,
          fps,
        }
        const outcome = await site.ask(body, { modelRoot })
        assert.ok(outcome.kind === 'answered', JSON.stringify(outcome))
        const truth = await generator.generate(generationParams(body))
        assert.equal(outcome.framesSha256, truth.framesSha256)
        assert.equal(outcome.traceRoot, truth.traceRoot)
        assert.equal(outcome.determinismClass, generator.determinismClass)

        const opened = await requestOpening({
          address: site.address,
          receiver: site.receiver,
          signer: site.alice,
          requestId: body.request_id,
          step: 2,
          frame: 1,
          expected: { steps, frames },
          stateBytes: (i) => 4 * generator.stateSize(generationParams(body), i),
          allowPrivate: true,
          deadlineMs: 10_000,
        })
        assert.ok(opened.kind === 'opened', JSON.stringify(opened))
        const { opening } = opened
        const [d, f] = [opening.stepDigests, opening.frameDigests]
        assert.equal(traceRoot(d.map(fromHex), f.map(fromHex)), outcome.traceRoot)
        assert.equal(sha256(opening.stateBefore), d[1])
        assert.equal(sha256(opening.stateAfter), d[2])
        assert.equal(sha256(opening.finalLatents), d[steps])

        const refused = structuredClone(body)
        refused.request_id = site.body().request_id
        refused.sampling_params.width = width + 4
        const wrong = await site.ask(refused, { modelRoot })
        assert.ok(
          wrong.kind === 'failed' && wrong.reason === 'invalid_request',
          JSON.stringify(wrong),
        )

        const stop = new AbortController()
        const left = await site.ask(
          { ...body, request_id: site.body().request_id },
          {
            modelRoot,
            signal: stop.signal,
            onRecord: (header) => {
              if (header.type === 'progress') stop.abort()
            },
          },
        )
        assert.ok(left.kind === 'failed' && left.reason === 'cancelled')
      })
    })
  })
}
