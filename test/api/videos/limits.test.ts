import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { modelOperations } from '../../../api/models.js'
import { completeVideoRequest } from '../../../api/videos/create/complete-request.js'
import { limitsOf } from '../../../api/videos/create/limits.js'
import { videoRequestSchema } from '../../../api/videos/create/request.js'
import { USUAL_CAPS } from '../../../engine/model/sizes.js'
import { defaultModelDir } from '../../../engine/models/default-model.js'
import type { ModelStandard } from '../../../formats/video-shape.js'
import type { Model } from '../../../web/api-types.js'
import { sizesOf } from '../../../web/playground/sizes.js'
import { readVideoStandard } from '../../../workers/video-standard.js'

const ENGINE = {
  maxSteps: 1000,
  maxGuidanceMilli: 100_000,
  maxFrames: USUAL_CAPS.frames,
  maxSide: USUAL_CAPS.side,
  maxPixels: USUAL_CAPS.pixels,
  maxWork: USUAL_CAPS.work,
  maxFps: 120,
  sizeMultiple: 8,
  framesEvery: 1,
}

describe('limits of videos', () => {
  it('are multiples of the shipped model’s standard', async () => {
    const { limits } = await readVideoStandard(defaultModelDir())
    assert.deepEqual(limits, {
      ...ENGINE,
      maxSide: 128,
      maxFramePixels: 128 * 128,
      maxFrames: 64,
      maxPixels: 16 * 128 * 128,
      maxWork: 4 * 12 * 16 * 64 * 64,
    })
  })

  it('give a wide standard no square of its longer side', () => {
    const { limits, standard } = ofStandard({ width: 128, height: 32 })
    assert.deepEqual([limits.maxSide, limits.maxFramePixels], [256, 4 * 128 * 32])
    const request = videoRequestSchema(limits).parse({
      prompt: 'x',
      size: '256x256',
      num_frames: 1,
    })
    assert.throws(() => completeVideoRequest(request, standard, limits), {
      code: 'limit_exceeded',
      param: 'size',
    })
  })

  it('let a model that decodes over time be asked for what it can make, in seconds for the nearest', async () => {
    const wan = fileURLToPath(new URL('../../fixtures/wan-model/model', import.meta.url))
    const { limits, model: standard } = await readVideoStandard(wan)
    assert.deepEqual([limits.sizeMultiple, limits.framesEvery, limits.maxFrames], [16, 4, 36])
    const framesOf = (request: object) => {
      const parsed = videoRequestSchema(limits).parse({ prompt: 'x', ...request })
      return completeVideoRequest(parsed, standard, limits).frames
    }
    assert.equal(framesOf({}), 9)
    assert.equal(framesOf({ num_frames: 13 }), 13)
    assert.deepEqual(
      [0.01, 1, 1.2, 2].map((seconds) => framesOf({ seconds })),
      [1, 17, 21, 33],
    )
    assert.throws(() => framesOf({ num_frames: 16 }), {
      code: 'invalid_request',
      param: 'num_frames',
      message: /16.* must be one more than a multiple of 4/,
      hint: 'Try 13 or 17.',
    })
    assert.throws(() => framesOf({ size: '72x64' }), { param: 'size', message: /multiple of 16/ })
    assert.throws(() => framesOf({ seconds: 1, num_frames: 16 }), { param: 'num_frames' })
  })

  it('are never above what the engine takes', () => {
    const { limits } = ofStandard({ width: 1024, height: 768, frames: 200, steps: 900 })
    const { maxSide, maxFrames, maxPixels, maxWork } = limits
    assert.deepEqual(
      [maxSide, maxFrames, maxPixels, maxWork],
      [USUAL_CAPS.side, USUAL_CAPS.frames, USUAL_CAPS.pixels, USUAL_CAPS.work],
    )
    assert.ok(limits.maxFramePixels <= maxPixels)
  })

  for (const shape of [
    { width: 64, height: 64 },
    { width: 128, height: 32 },
    { width: 768, height: 512 },
  ]) {
    it(`hold for every size that the playground offers: ${shape.width} × ${shape.height}`, () => {
      const { limits, standard, model } = ofStandard(shape)
      const sizes = sizesOf(model, '')
      assert.ok(sizes.length > 0)
      for (const size of sizes) {
        const request = videoRequestSchema(limits).parse({ prompt: 'x', size })
        const { width, height } = completeVideoRequest(request, standard, limits)
        assert.equal(`${width}x${height}`, size)
      }
    })
  }
})

function ofStandard(changes: Partial<ModelStandard>) {
  const shape = { steps: 12, frames: 16, width: 64, height: 64, fps: 8 }
  const standard = { name: 'test', guidanceMilli: 3_000, ...shape, ...changes }
  const limits = limitsOf(standard, ENGINE)
  return { standard, limits, model: publishedModel(standard, limits) }
}

/** As `GET /v1/models/{id}` answers it. */
function publishedModel(model: ModelStandard, limits: ReturnType<typeof limitsOf>): Model {
  let answer: unknown
  const [list] = modelOperations({ model, limits })
  const res = { json: (body: unknown) => (answer = body) }
  list!.handler({ params: {}, query: {} } as never, res as never, () => {})
  return (answer as { data: Model[] }).data[0]!
}
