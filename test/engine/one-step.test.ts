import assert from 'node:assert/strict'
import { withHalfWeights } from '../../dev/villains/half-weights.js'
import { readModel } from '../../engine/model/model.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { stateDeviation } from '../../engine/pipeline/deviation.js'
import { completeParams } from '../../engine/pipeline/params.js'
import { Pipeline } from '../../engine/pipeline/pipeline.js'
import { joinState } from '../../engine/pipeline/states.js'
import { setNativeEnvironment } from '../../engine/runtime/native-environment.js'
import { NativeGate } from '../../engine/runtime/native-gate.js'
import { loadRuntime } from '../../engine/runtime/runtime.js'
import type { GenerationParams } from '../../formats/generation.js'
import { judgeSpotCheck } from '../../rules/judge/judge-spot-check.js'
import { stepTolerance } from '../../rules/judge/step-tolerance.js'

/** Of a class whose certifying runs were all equal, and which lost its exactness since. */
const TOLERANCE = stepTolerance({ stepDeviation: 0, frameDeviation: 0 })

const open = async (dir: string) => Pipeline.open(await readModel(dir), 'cpu', new NativeGate())

/** Without its optimisations onnxruntime sums in another order: honest, with other bits. */
async function openOtherBits(dir: string): Promise<Pipeline> {
  const { InferenceSession } = await loadRuntime()
  const { create } = InferenceSession
  const plainly = { graphOptimizationLevel: 'disabled' } as const
  Object.assign(InferenceSession, {
    create: (model: Uint8Array, options: object) =>
      create.call(InferenceSession, model, { ...options, ...plainly }),
  })
  try {
    return await open(dir)
  } finally {
    Object.assign(InferenceSession, { create })
  }
}

async function statesOf(pipeline: Pipeline, params: GenerationParams): Promise<Float32Array[]> {
  const states: Float32Array[] = []
  await pipeline.generate(params, {
    onState: (i, tensors) => {
      states[i] = joinState(tensors).state
    },
  })
  return states
}

describe('One step of the shipped model, in a class that is not exact', function () {
  this.timeout(240_000)
  let verifier: Pipeline
  const opened: Pipeline[] = []
  const params = completeParams(
    {
      ...{ prompt: 'a green star grows on a white background', seed: 3, guidance: 3 },
      ...{ steps: 8, frames: 4, width: 64, height: 64, fps: 8 },
    },
    null,
  )

  before(async () => {
    setNativeEnvironment('cpu')
    verifier = await open(defaultModelDir())
    opened.push(verifier)
  })
  after(async () => {
    for (const pipeline of opened) await pipeline.release()
  })

  /** The verdict on each step of a trace whose owner signed these states. */
  async function verdicts(states: readonly Float32Array[]): Promise<string[]> {
    const found: string[] = []
    for (const step of [1, 2, 5, params.steps]) {
      const again = await verifier.recomputeStep(params, {
        ...{ step, frame: 1, before: states[step - 1]! },
        finalLatents: states[params.steps]!,
      })
      const signed = { initial: 'd0', before: 'b', after: 'signed', final: 'f', frame: 'f1' }
      const recomputed = {
        ...{ initial: 'd0', after: 'computed', frame: 'f1', frameDeviation: 0 },
        stepDeviation: stateDeviation(again, states[step]!),
      }
      const judgement = judgeSpotCheck({
        answer: { framesSha256: 'frames', traceRoot: 'root' },
        opening: 'opened',
        facts: {
          claimed: { traceRoot: 'root', framesSha256: 'frames', ...signed },
          opened: { before: 'b', after: 'signed', final: 'f', finite: true },
          recomputed,
        },
        confirmation: { recomputed, knownAnswerOk: true },
        ...{ exact: false, tolerance: TOLERANCE, final: true },
      })
      found.push(`${judgement!.verdict} ${judgement!.reason}`)
    }
    return [...new Set(found)]
  }

  it('passes when it was computed honestly with other bits', async () => {
    const other = await openOtherBits(defaultModelDir())
    opened.push(other)
    const states = await statesOf(other, params)
    const own = await statesOf(verifier, params)
    assert.notDeepEqual(states[params.steps], own[params.steps], 'the bits are others')
    assert.deepEqual(await verdicts(states), ['pass step_within'])
    assert.deepEqual(await verdicts(own), ['pass step_within'])
  })

  it('is caught when guidance is a tenth off', async () => {
    for (const guidanceMilli of [2700, 3300]) {
      const states = await statesOf(verifier, { ...params, guidanceMilli })
      assert.deepEqual(await verdicts(states), ['cheat step_differs'], `${guidanceMilli}`)
    }
  })

  it('is caught when the weights are in half precision', async () => {
    const model = withHalfWeights(await readModel(defaultModelDir()))
    const half = await Pipeline.open(model, 'cpu', new NativeGate())
    opened.push(half)
    assert.deepEqual(await verdicts(await statesOf(half, params)), ['cheat step_differs'])
  })

  it('is caught when half of the steps were run, however they are spread over the trace', async () => {
    const short = await statesOf(verifier, { ...params, steps: params.steps / 2 })
    const [first, last] = [short[0]!, short.at(-1)!]
    const spread = Array.from({ length: params.steps + 1 }, (_, i) =>
      i === 0 ? first : i === params.steps ? last : short[Math.max(1, Math.min(3, i >> 1))]!,
    )
    assert.deepEqual(await verdicts(spread), ['cheat step_differs'])
  })
})
