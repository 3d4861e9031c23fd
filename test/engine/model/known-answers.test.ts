import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EngineError } from '../../../engine/errors.js'
import { parseDescriptor } from '../../../engine/model/descriptor.js'
import { knownAnswersOf } from '../../../engine/model/known-answers.js'
import { readModel } from '../../../engine/model/model.js'
import { defaultModelDir } from '../../../engine/models/default-model.js'

const STANDARD = {
  name: 'm',
  num_inference_steps: 25,
  guidance_scale: 7.5,
  num_frames: 16,
  width: 256,
  height: 256,
  fps: 8,
  denoiser_batch: 2,
  decode_unit: 'frame',
}

const TERMS = {
  denoiserBatch: 2,
  decodeUnit: 'frame',
  grid: { sizeMultiple: 8, framesEvery: 1 },
} as const

const answer = (changes: object) => ({
  prompt: 'a boat',
  seed: 1,
  num_inference_steps: 25,
  guidance_scale: 7.5,
  num_frames: 16,
  width: 256,
  height: 256,
  ...changes,
})

const sizes = (descriptor: Parameters<typeof knownAnswersOf>[0]) =>
  knownAnswersOf(descriptor).map((p) => [p.steps, p.frames, p.width, p.height].join(' '))

describe('Known answers of a model', () => {
  it('are those that fractal.json lists, in its order', async () => {
    const { config } = await readModel(defaultModelDir())
    const listed = knownAnswersOf(config.descriptor)
    assert.deepEqual(sizes(config.descriptor), ['3 16 64 64', '4 2 72 40', '3 5 24 48'])
    assert.deepEqual(
      listed.map(({ negativePrompt }) => negativePrompt),
      ['', '', 'a red circle'],
    )
  })

  it('are refused when they are too few, of one size, or begin with another than the standard size', () => {
    const small = answer({ width: 64 })
    const smaller = answer({ width: 32 })
    const sound = [answer({}), small, smaller]
    const parse = (known_answers: unknown) => parseDescriptor({ ...STANDARD, known_answers }, TERMS)
    assert.equal(parse(sound).knownAnswers!.length, 3)
    for (const [listed, message] of [
      [[answer({}), small], /known_answers/],
      [[small, answer({}), smaller], /the first of known_answers is not of the standard size/],
      [[answer({ guidance_scale: 3 }), small, smaller], /is not of the standard size and guidance/],
      [[answer({}), small, { ...small, seed: 2 }], /two of known_answers are of one size/],
      [[answer({}), small, answer({ width: 32, seed: -1 })], /seed/],
      [[answer({}), small, answer({ width: 32, more: 1 })], /more/],
    ] as const) {
      assert.throws(
        () => parse(listed),
        (error) => error instanceof EngineError && message.test(error.message),
        String(message),
      )
    }
  })

  it('follow from the standard form where none are listed', () => {
    const derived = parseDescriptor(STANDARD, TERMS)
    assert.deepEqual(sizes(derived), ['3 16 256 256', '3 8 128 128', '3 1 256 128'])
    assert.deepEqual(sizes({ ...derived, frames: 1, steps: 2, width: 64, height: 192 }), [
      '2 1 64 192',
      '2 2 64 192',
      '2 3 64 192',
    ])
    assert.deepEqual(sizes(null), ['3 16 64 64', '3 8 64 64', '3 1 64 64'])
  })

  it('that follow are three of different sizes, with sides that the standard’s divide by', () => {
    const shape = fc.record({
      steps: fc.integer({ min: 1, max: 50 }),
      frames: fc.integer({ min: 1, max: 256 }),
      width: fc.integer({ min: 1, max: 128 }).map((cells) => 8 * cells),
      height: fc.integer({ min: 1, max: 128 }).map((cells) => 8 * cells),
    })
    fc.assert(
      fc.property(shape, (standard) => {
        const answers = knownAnswersOf({
          ...standard,
          guidanceMilli: 3000,
          fps: 8,
          grid: TERMS.grid,
          knownAnswers: null,
        })
        assert.equal(new Set(answers.map((p) => `${p.frames} ${p.width} ${p.height}`)).size, 3)
        for (const { frames, width, height } of answers) {
          assert.ok(frames >= 1 && frames <= Math.max(4, standard.frames))
          assert.ok(width === standard.width || width % 64 === 0)
          assert.ok(height === standard.height || height % 64 === 0)
        }
      }),
      { seed: 5 },
    )
  })
})
