import assert from 'node:assert/strict'
import { pretend, type Villain } from '../../../dev/villains/cheater.js'
import { honestWhenWatched } from '../../../dev/villains/honest-when-watched.js'
import { VILLAINS } from '../../../dev/villains/villains.js'
import { type Engine, openEngine } from '../../../engine/engine.js'
import { defaultModelDir } from '../../../engine/models/default-model.js'
import { digestOf } from '../../../engine/pipeline/digest.js'
import type { Generated, Generator } from '../../../engine/pipeline/generator.js'
import { completeParams } from '../../../engine/pipeline/params.js'
import { joinState } from '../../../engine/pipeline/states.js'
import { fromHex, type Hex, toHex } from '../../../formats/bytes.js'
import { traceRoot } from '../../../formats/trace.js'
import { judgeSpotCheck } from '../../../rules/judge/judge-spot-check.js'

const STEPS = 8

describe('The villains on the shipped model, each step of an answer spot-checked', function () {
  this.timeout(120_000)
  let engine: Engine
  const villains: Generator[] = []
  const params = completeParams(
    {
      ...{ prompt: 'a green star grows on a white background', seed: 3, guidance: 3 },
      ...{ steps: STEPS, frames: 2, width: 64, height: 64, fps: 8 },
    },
    null,
  )

  before(async () => {
    engine = await openEngine({ modelDir: defaultModelDir(), device: 'cpu' })
  })
  after(() => Promise.all([...villains.map((villain) => villain.close()), engine.close()]))

  const villain = (cheat: string | Villain, cheats: Hex[] = []): Generator => {
    const honest: Generator = {
      modelRoot: engine.modelRoot,
      determinismClass: engine.determinismClass,
      software: engine.software,
      descriptor: engine.descriptor,
      device: engine.device,
      generate: (...request) => engine.generate(...request),
      classNow: (hooks) => engine.classNow(hooks),
      close: async () => undefined,
    }
    const cheater = (typeof cheat === 'string' ? VILLAINS[cheat]! : cheat)(
      honest,
      defaultModelDir(),
    )
    const made = pretend(honest, cheater, async (root) => void cheats.push(root))
    villains.push(made)
    return made
  }

  async function answer(generator: Generator) {
    const states: Float32Array[] = []
    const progress: number[] = []
    const made = await generator.generate(params, {
      onProgress: (step) => void progress.push(step),
      onState: (i, tensors) => {
        states[i] = joinState(tensors).state
      },
    })
    assert.equal(progress.at(-1), STEPS, 'it claims to have run all steps')
    assert.equal(made.stepDigests.length, STEPS + 1)
    assert.equal(states.length, STEPS + 1)
    return { made, states }
  }

  /** What a verifier whose class is exact finds when it has this step opened. */
  async function verdict(made: Generated, states: Float32Array[], step: number): Promise<string> {
    const [before, after, final] = [states[step - 1]!, states[step]!, states[STEPS]!]
    const again = await engine.recomputeStep(params, {
      step,
      frame: 1,
      before,
      finalLatents: final,
    })
    const digest = (state: Float32Array) => toHex(digestOf(state))
    const recomputed = {
      initial: again.initialDigest,
      after: again.stateDigest,
      frame: again.frameDigest,
      ...{ stepDeviation: null, frameDeviation: null },
    }
    const judgement = judgeSpotCheck({
      answer: { framesSha256: made.framesSha256, traceRoot: made.traceRoot },
      opening: 'opened',
      facts: {
        claimed: {
          traceRoot: traceRoot(made.stepDigests.map(fromHex), made.frameDigests.map(fromHex)),
          framesSha256: made.framesSha256,
          initial: made.stepDigests[0]!,
          before: made.stepDigests[step - 1]!,
          after: made.stepDigests[step]!,
          final: made.stepDigests[STEPS]!,
          frame: made.frameDigests[0]!,
        },
        opened: {
          before: digest(before),
          after: digest(after),
          final: digest(final),
          finite: true,
        },
        recomputed,
      },
      confirmation: { recomputed, knownAnswerOk: true },
      ...{ exact: true, tolerance: null, final: true },
    })
    return `${judgement!.verdict} ${judgement!.reason}`
  }

  async function verdicts(generator: Generator): Promise<string[]> {
    const { made, states } = await answer(generator)
    const found: string[] = []
    for (let step = 1; step <= STEPS; step++) found.push(await verdict(made, states, step))
    return found
  }

  const all = (what: string) => Array.from({ length: STEPS }, () => what)

  it('an honest prover passes, whichever step is drawn', async () => {
    assert.deepEqual(await verdicts(engine), all('pass step_equal'))
  })

  it('fewer-steps is caught by any of them', async () => {
    assert.deepEqual(await verdicts(villain('fewer-steps')), all('cheat step_differs'))
  })

  it('ignores-seed is caught by any of them', async () => {
    assert.deepEqual(await verdicts(villain('ignores-seed')), all('cheat trace_broken'))
  })

  it('half-precision is caught by any of them', async () => {
    assert.deepEqual(await verdicts(villain('half-precision')), all('cheat step_differs'))
  })

  it('skips-steps is caught by half of them, in one answer after the other', async () => {
    const skips = villain('skips-steps')
    const halves = Array.from({ length: STEPS }, (_, i) =>
      i % 2 === 0 ? 'pass step_equal' : 'cheat step_differs',
    )
    assert.deepEqual(await verdicts(skips), halves)
    assert.deepEqual(await verdicts(skips), halves)
  })

  it('honest-when-watched is caught by what it does not take for a check', async () => {
    let now = 1_200_005_000
    const cheats: Hex[] = []
    const sly = villain(
      honestWhenWatched(() => now),
      cheats,
    )
    const begun = async (atMs: number) => {
      now = atMs
      const { made, states } = await answer(sly)
      return { root: made.traceRoot, verdict: await verdict(made, states, 1) }
    }
    const alone = await begun(1_200_005_000)
    assert.equal(alone.verdict, 'cheat step_differs')
    assert.deepEqual(cheats, [alone.root])
    const behindIt = await begun(1_200_005_050)
    assert.equal(behindIt.verdict, 'pass step_equal')
    const asBlockBegins = await begun(1_200_012_300)
    assert.equal(asBlockBegins.verdict, 'pass step_equal')
    assert.deepEqual(cheats, [alone.root])
  })

  it('notes what it cheated in, and claims the honest engine’s class', async () => {
    for (const name of Object.keys(VILLAINS)) {
      const cheats: Hex[] = []
      const generator = villain(name, cheats)
      assert.equal(generator.determinismClass, engine.determinismClass)
      assert.equal(generator.modelRoot, engine.modelRoot)
      const { traceRoot: root } = await generator.generate(params)
      const honest = (await engine.generate(params)).traceRoot
      assert.deepEqual(cheats, root === honest ? [] : [root], name)
    }
  })
})
