import assert from 'node:assert/strict'
import { certify } from '../../../engine/class/certify.js'
import { certifyParams } from '../../../engine/class/certify-run.js'
import { openEngine } from '../../../engine/engine.js'
import { EngineError } from '../../../engine/errors.js'
import { isDeterminismClass } from '../../../formats/determinism-class.js'
import { RANDOM_MODEL } from '../fixtures.js'

describe('certify', () => {
  it('finds equal bytes in two processes, and the answer that the engine gives', async () => {
    const heard: number[] = []
    const certificate = await certify({
      modelDir: RANDOM_MODEL,
      device: 'cpu',
      runs: 3,
      onRun: (run) => heard.push(run),
    })
    assert.deepEqual(heard, [1, 2, 3])
    assert.equal(certificate.exact, true)
    assert.equal(certificate.processes, 2)
    assert.ok(isDeterminismClass(certificate.determinismClass))
    assert.ok(Number.isSafeInteger(certificate.usPerWork) && certificate.usPerWork > 0)
    const generator = await openEngine({ modelDir: RANDOM_MODEL, device: 'cpu' })
    try {
      const { framesSha256 } = await generator.generate(certifyParams(generator.descriptor))
      assert.equal(certificate.framesSha256, framesSha256)
      assert.equal(certificate.determinismClass, generator.determinismClass)
    } finally {
      await generator.close()
    }
  })

  it('refuses fewer than two runs', async () => {
    const one = certify({ modelDir: RANDOM_MODEL, device: 'cpu', runs: 1 })
    await assert.rejects(one, EngineError)
  })
})
