import assert from 'node:assert/strict'
import { EngineError } from '../../../engine/errors.js'
import { USUAL_CAPS } from '../../../engine/model/sizes.js'
import { completeParams, parseGuidance, validateParams } from '../../../engine/pipeline/params.js'
import type { GenerationParams } from '../../../formats/generation.js'

const SIZES = { sizeMultiple: 8, framesEvery: 1, caps: USUAL_CAPS }

const GOOD: GenerationParams = {
  prompt: '',
  negativePrompt: '',
  seed: 4294967295,
  steps: 12,
  guidanceMilli: 3000,
  width: 72,
  height: 96,
  frames: 16,
  fps: 8,
}

function refusal(change: Partial<GenerationParams>): EngineError {
  try {
    validateParams({ ...GOOD, ...change }, SIZES)
  } catch (error) {
    assert.ok(error instanceof EngineError)
    assert.ok(error.hint, `${error.message} has no hint`)
    return error
  }
  assert.fail(`accepted ${JSON.stringify(change)}`)
}

describe('validateParams', () => {
  it('accepts an empty prompt and sizes that are odd multiples of the scale', () => {
    validateParams(GOOD, SIZES)
    validateParams({ ...GOOD, seed: 0, guidanceMilli: 0, frames: 1, steps: 1 }, SIZES)
  })

  it('refuses seeds outside 32 bits as invalid_seed', () => {
    for (const seed of [-1, 0.5, 4294967296, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(refusal({ seed }).code, 'invalid_seed', String(seed))
    }
  })

  it('refuses steps, frames, guidance and rates out of range, naming range and value', () => {
    for (const change of [
      { steps: 0 },
      { steps: 1001 },
      { steps: 2.5 },
      { frames: 0 },
      { frames: 1_000_000 },
      { fps: 0 },
      { guidanceMilli: -1 },
      { guidanceMilli: 100_001 },
      { guidanceMilli: Number.NaN },
    ]) {
      const { code, message } = refusal(change)
      assert.equal(code, 'invalid_request')
      assert.ok(message.includes(String(Object.values(change)[0])), message)
    }
    assert.match(refusal({ frames: 1_000_000 }).message, /1000000.* 256/)
  })

  it('refuses sizes that are no multiple of the scale, zero, negative or too large', () => {
    for (const side of ['width', 'height'] as const) {
      for (const value of [0, -8, 63, 65, 7, 64.5, Number.NaN, 1032]) {
        assert.equal(refusal({ [side]: value }).code, 'invalid_request', `${side} ${value}`)
      }
    }
    assert.match(refusal({ width: 65 }).hint!, /64 or 72/)
  })

  it('caps the work, with the number in the message', () => {
    const { message } = refusal({ width: 1024, height: 1024, frames: 16, steps: 1000 })
    assert.ok(message.includes(String(USUAL_CAPS.work)), message)
    assert.match(refusal({ width: 1024, height: 1024, frames: 17 }).message, /16777216/)
  })

  it('refuses prompts that would take long to read', () => {
    validateParams({ ...GOOD, prompt: 'x'.repeat(100_000) }, SIZES)
    assert.equal(refusal({ prompt: 'x'.repeat(200_001) }).code, 'invalid_request')
  })
})

describe('completeParams', () => {
  it('names what a folder without fractal.json leaves open', () => {
    assert.throws(
      () => completeParams({ prompt: '', seed: 1, steps: 4, fps: 8 }, null),
      /guidance, width, height, frames\./,
    )
  })

  it('takes guidance with three decimals at most', () => {
    assert.equal(parseGuidance(7.125), 7125)
    for (const guidance of [7.1255, Number.NaN, Number.POSITIVE_INFINITY, -1, 101]) {
      assert.throws(() => parseGuidance(guidance), EngineError, String(guidance))
    }
  })
})
