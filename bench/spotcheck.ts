/*
 * What a spot check costs on this machine: npm run bench -- spotcheck
 * Beside a whole generation of the same video in the same process, alternating, so that the ratio holds on a
 * busy machine; and what keeping its states costs the prover. Goal: at most 8 % of a generation at 25 steps.
 */
import { openEngine } from '../engine/engine.js'
import { defaultModelDir } from '../engine/models/default-model.js'
import type { GenerationHooks } from '../engine/pipeline/generator.js'
import { completeParams } from '../engine/pipeline/params.js'
import { joinState } from '../engine/pipeline/states.js'
import { report } from './support/figures.js'
import { median, timed } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const { rounds } = benchOptions('spotcheck')
const STEPS = [12, 25, 50]

const engine = await openEngine({ modelDir: defaultModelDir(), device: 'cpu' })
const states = new Map<number, Float32Array>()
const tracing: GenerationHooks = {
  onState: (i, tensors) => {
    states.set(i, joinState(tensors).state)
  },
}
for (const steps of STEPS) {
  const params = completeParams(
    { prompt: 'a red circle moves right on a blue background', seed: 1, steps },
    engine.descriptor,
  )
  const [plain, traced, checked]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    plain.push(await timed(() => engine.generate(params)))
    traced.push(await timed(() => engine.generate(params, tracing)))
    const step = 1 + Math.floor((round * steps) / rounds)
    const before = states.get(step - 1)!
    const opened = { step, frame: 1, before, finalLatents: states.get(steps)! }
    checked.push(await timed(() => engine.recomputeStep(params, opened)))
  }
  report(`a spot check, ${steps} steps`, median(checked), 'ms', {
    beside: ['a whole generation', median(plain)],
    ...(steps === 25 ? { goal: { of: 'ratio', most: 0.08 } } : {}),
  })
  report(`a video whose states are kept, ${steps} steps`, median(traced), 'ms', {
    beside: ['one without', median(plain)],
  })
}
await engine.close()
