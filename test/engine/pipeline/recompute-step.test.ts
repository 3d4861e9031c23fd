import assert from 'node:assert/strict'
import { type Engine, openEngine } from '../../../engine/engine.js'
import { digestOf } from '../../../engine/pipeline/digest.js'
import type { Generated } from '../../../engine/pipeline/generator.js'
import type { OpenedStep } from '../../../engine/pipeline/recompute-step.js'
import { joinState } from '../../../engine/pipeline/states.js'
import { toHex } from '../../../formats/bytes.js'
import { TINY_MODEL } from '../fixtures.js'

const params = {
  prompt: 'a red circle',
  negativePrompt: 'blurry',
  seed: 11,
  steps: 5,
  guidanceMilli: 7500,
  width: 64,
  height: 64,
  frames: 4,
  fps: 8,
}

describe('a step computed again', () => {
  let engine: Engine
  let made: Generated
  const states: Float32Array[] = []
  before(async () => {
    engine = await openEngine({ modelDir: TINY_MODEL, device: 'cpu' })
    made = await engine.generate(params, {
      onState: (i, tensors) => {
        states[i] = joinState(tensors).state
      },
    })
  })
  after(() => engine.close())

  const opened = (step: number, frame: number, changes: Partial<OpenedStep> = {}): OpenedStep => ({
    step,
    frame,
    before: states[step - 1]!,
    finalLatents: states[params.steps]!,
    ...changes,
  })

  it('has the digests of the generation, at every step and frame', async () => {
    for (let step = 1; step <= params.steps; step++) {
      const frame = ((step - 1) % params.frames) + 1
      const again = await engine.recomputeStep(params, opened(step, frame))
      assert.equal(again.initialDigest, made.stepDigests[0])
      assert.equal(again.stateDigest, made.stepDigests[step], `step ${step}`)
      assert.equal(again.frameDigest, made.frameDigests[frame - 1], `frame ${frame}`)
      assert.equal(toHex(digestOf(again.state)), again.stateDigest)
      assert.equal(again.state.length, engine.stateSize(params, step))
      assert.ok(again.elapsedUs > 0)
    }
  })

  it('differs for another state, seed, prompt or guidance, by what follows from it', async () => {
    const moved = states[2]!.slice()
    moved[5]! += 1e-3
    const equals = async (changes: object, step = opened(3, 1)) => {
      const { stateDigest } = await engine.recomputeStep({ ...params, ...changes }, step)
      return stateDigest === made.stepDigests[3]
    }
    assert.equal(await equals({}), true)
    assert.equal(await equals({}, opened(3, 1, { before: moved })), false)
    assert.equal(await equals({ prompt: 'a green square' }), false)
    assert.equal(await equals({ guidanceMilli: 7499 }), false)
    assert.equal(await equals({ seed: 12 }), true, 'the seed is in the first state alone')
    const { initialDigest } = await engine.recomputeStep({ ...params, seed: 12 }, opened(3, 1))
    assert.notEqual(initialDigest, made.stepDigests[0])
    const final = states[params.steps]!.map((value) => value * 0.5)
    const { frameDigest } = await engine.recomputeStep(
      params,
      opened(3, 1, { finalLatents: final }),
    )
    assert.notEqual(frameDigest, made.frameDigests[0])
  })

  it('survives NaN, Infinity and denormals, and refuses other sizes', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e-42]) {
      const filled = opened(3, 2, { before: states[2]!.map(() => value) })
      const { stateDigest } = await engine.recomputeStep(params, filled)
      assert.notEqual(stateDigest, made.stepDigests[3])
    }
    const wrong: Partial<OpenedStep>[] = [
      { step: 0 },
      { step: 6 },
      { frame: 0 },
      { frame: 5 },
      { step: 1.5 },
      { before: states[0]! },
      { finalLatents: new Float32Array(0) },
    ]
    for (const changes of wrong) {
      await assert.rejects(engine.recomputeStep(params, opened(3, 1, changes)), {
        code: 'invalid_request',
      })
    }
    assert.equal((await engine.generate(params)).traceRoot, made.traceRoot, 'and goes on')
  })

  it('ends when it is cancelled', async () => {
    const stop = AbortSignal.abort()
    await assert.rejects(engine.recomputeStep(params, opened(1, 1), { signal: stop }), {
      code: 'cancelled',
    })
  })
})
