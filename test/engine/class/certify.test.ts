import assert from 'node:assert/strict'
import { areEqual, certify } from '../../../engine/class/certify.js'
import { type CertifyRun, certifyTasks } from '../../../engine/class/certify-run.js'
import { coldPriceUs } from '../../../engine/class/cold-price.js'
import { openEngine } from '../../../engine/engine.js'
import { EngineError } from '../../../engine/errors.js'
import { knownAnswersOf, standardOf } from '../../../engine/model/known-answers.js'
import { parseDeterminismClass } from '../../../formats/determinism-class.js'
import { TINY_MODEL } from '../fixtures.js'

const RUN: CertifyRun = {
  answer: 0,
  framesSha256: 'aa',
  traceRoot: 'tt',
  elapsedUs: 1,
  usPerWork: 1,
  spotCheckUsPerPixel: 1,
  spotCheckOk: true,
  stepDeviation: 0,
  frameDeviation: 0,
}

describe('certify', () => {
  it('finds equal bytes in two processes, and the class that the engine has', async () => {
    const heard: (number | string)[] = []
    const session = await openEngine({ modelDir: TINY_MODEL, device: 'cpu' })
    const certificate = await certify({
      modelDir: TINY_MODEL,
      device: 'cpu',
      runs: 3,
      session,
      // A GPU may have no room for two: the first half is done by now.
      beforeSecondProcess: async () => {
        heard.push('free')
        await session.close()
      },
      onRun: (run) => heard.push(run),
    })
    assert.deepEqual(heard, [1, 2, 'free', 3])
    assert.equal(certificate.exact, true)
    assert.equal(certificate.processes, 2)
    assert.deepEqual([certificate.stepDeviation, certificate.frameDeviation], [0, 0])
    assert.equal(certificate.coldUs, 0, 'a CPU searches for no kernels')
    assert.ok(Number.isSafeInteger(certificate.usPerWork) && certificate.usPerWork > 0)
    const generator = await openEngine({ modelDir: TINY_MODEL, device: 'cpu' })
    try {
      const { descriptor } = generator
      const [known] = knownAnswersOf(descriptor)
      const { framesSha256 } = await generator.generate({ ...known!, ...standardOf(descriptor) })
      assert.equal(certificate.framesSha256, framesSha256)
      assert.equal(certificate.determinismClass, generator.determinismClass)
      assert.equal(await generator.classNow(), generator.determinismClass)
      const parts = parseDeterminismClass(generator.determinismClass)
      assert.equal(parts!.modelRoot, generator.modelRoot)
    } finally {
      await generator.close()
    }
  })

  it('runs each known answer, the standard one most and last, with steps from the first to the last', () => {
    assert.deepEqual(
      certifyTasks(null, 8).map(({ answer, step }) => [answer, step]),
      [
        [2, 1],
        [2, 3],
        [1, 1],
        [1, 2],
        [1, 3],
        [0, 1],
        [0, 2],
        [0, 4],
      ],
    )
    assert.deepEqual(
      certifyTasks(null, 1).map(({ answer }) => answer),
      [0],
    )
    const fifty = certifyTasks(null, 50)
    assert.equal(fifty.length, 50)
    assert.equal(fifty.filter(({ answer }) => answer === 0).length, 17)
  })

  it('compares each run with those of its own request', () => {
    const other = { ...RUN, answer: 1, framesSha256: 'bb', traceRoot: 'uu' }
    assert.ok(areEqual([RUN, other, RUN, other]))
    assert.ok(!areEqual([RUN, other, { ...other, traceRoot: 'tt' }]))
    assert.ok(!areEqual([RUN, other, { ...RUN, framesSha256: 'bb' }]))
    assert.ok(!areEqual([RUN, { ...RUN, spotCheckOk: false }]))
  })

  describe('measures what the first video of a size takes longer', () => {
    const runs = (answer: number, ...times: number[]) =>
      times.map((elapsedUs) => ({ answer, elapsedUs }))
    const here = [
      ...runs(2, 900, 400, 420),
      ...runs(1, 700, 600, 610),
      ...runs(0, 5000, 2000, 9000),
    ]

    it('of the dearest size', () => {
      assert.equal(coldPriceUs('cuda', [here, here]), 3000)
      const small = here.filter(({ answer }) => answer > 0)
      assert.equal(coldPriceUs('cuda', [small, small]), 500)
    })

    it('without a hiccup in one of the processes', () => {
      const hiccup = [...runs(2, 90_000, 400), ...runs(1, 700, 600), ...runs(0, 5100, 2000)]
      assert.equal(coldPriceUs('cuda', [here, hiccup]), 3000)
    })

    it('which is nothing on a CPU, where the first is no slower, and where there is no second', () => {
      assert.equal(coldPriceUs('cpu', [here, here]), 0)
      assert.equal(coldPriceUs('cuda', [runs(0, 2000, 2100), runs(0, 2000, 2100)]), 0)
      assert.equal(coldPriceUs('cuda', [here, runs(0, 5000)]), 0)
      assert.equal(coldPriceUs('cuda', [[], []]), 0)
    })
  })

  it('refuses fewer than two runs', async () => {
    const one = certify({ modelDir: TINY_MODEL, device: 'cpu', runs: 1 })
    await assert.rejects(one, EngineError)
  })
})
