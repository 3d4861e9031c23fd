import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { createFetchOpenings } from '../../../activities/judging/fetch-openings.js'
import { type Engine, openEngine } from '../../../engine/engine.js'
import type { Generator } from '../../../engine/pipeline/generator.js'
import { useDatabase } from '../../support/postgres.js'
import { IntervalSite } from '../interval/interval-site.js'
import { run, useChain } from '../verifier-site.js'

const MODEL = fileURLToPath(new URL('../../fixtures/wan-model/model', import.meta.url))

/** The engine without its end, so that several may have it. */
function shared(engine: Engine, changes: Partial<Engine> = {}): Engine {
  return {
    modelRoot: engine.modelRoot,
    determinismClass: engine.determinismClass,
    software: engine.software,
    descriptor: engine.descriptor,
    device: engine.device,
    instance: engine.instance,
    generate: (params, hooks) => engine.generate(params, hooks),
    classNow: (hooks) => engine.classNow(hooks),
    recomputeStep: (params, opened, hooks) => engine.recomputeStep(params, opened, hooks),
    stateSize: (params, i) => engine.stateSize(params, i),
    close: async () => undefined,
    ...changes,
  }
}

describe('A model of Wan’s architecture in an interval', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const chain = useChain()
  let engine: Engine
  before(async () => {
    engine = await openEngine({ modelDir: MODEL, device: 'cpu' })
  })
  after(() => engine.close())

  it('is served, challenged, opened and computed again; who changes the guidance is caught', async () => {
    const cheat: Generator = shared(engine, {
      generate: (params, hooks) =>
        engine.generate({ ...params, guidanceMilli: params.guidanceMilli - 500 }, hooks),
    })
    const real = { gpu: shared(engine), provers: [shared(engine), cheat] }
    const { db } = database()
    const site = await IntervalSite.open(chain(), db, ['honest', 'honest'], {}, db, real)
    try {
      await site.begin()
      for (const i of [0, 1]) await site.serve(1, i)
      await run(createFetchOpenings(site.verifier.deps), { n: 1, final: true })
      assert.deepEqual(await site.computeSpotChecks(1), { computed: 2 })
      await site.ask(1)
      await site.recompute(1, { round: 0 })
      await site.judge(1)
      const verdicts = (await site.verdicts(1)).map((rows) =>
        rows.map(([verdict, reason]) => `${verdict} ${reason}`).sort(),
      )
      assert.deepEqual(verdicts, [
        ['pass hash_equal', 'pass step_equal'],
        ['cheat hash_differs', 'cheat step_differs'],
      ])
    } finally {
      await site.close()
    }
  })
})
