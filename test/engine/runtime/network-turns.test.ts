import assert from 'node:assert/strict'
import { knownAnswersOf } from '../../../engine/model/known-answers.js'
import type { Model } from '../../../engine/model/model.js'
import { readModel } from '../../../engine/model/model.js'
import { Pipeline } from '../../../engine/pipeline/pipeline.js'
import { NativeGate } from '../../../engine/runtime/native-gate.js'
import type { Network } from '../../../engine/runtime/network.js'
import { NetworkTurns } from '../../../engine/runtime/network-turns.js'
import { WAN_MODEL } from '../fixtures.js'

describe('Networks that are open by turns', () => {
  it('are open one at a time, and stay open while their turn lasts', async () => {
    const events: string[] = []
    const open = async (name: string) => {
      events.push(`open ${name}`)
      const network: Pick<Network, 'run' | 'release'> = {
        run: async () => {
          events.push(name)
          return new Float32Array()
        },
        release: async () => void events.push(`release ${name}`),
      }
      return network
    }
    const turns = new NetworkTurns(open)
    const [text, denoiser] = [turns.of('text'), turns.of('denoiser')]
    await text.run({})
    await text.run({})
    await denoiser.run({})
    await text.run({})
    await denoiser.release()
    await text.release()
    assert.equal(
      events.join(', '),
      'open text, text, text, release text, open denoiser, denoiser, release denoiser, open text, text, release text',
    )
  })

  it('are opened again by the next run where opening one failed', async () => {
    let fails = true
    const turns = new NetworkTurns(async (name: 'text') => {
      if (fails) throw new Error(`no room for ${name}`)
      return { run: async () => Float32Array.of(1), release: async () => {} }
    })
    await assert.rejects(turns.of('text').run({}), /no room for text/)
    fails = false
    assert.deepEqual(await turns.of('text').run({}), Float32Array.of(1))
  })

  it('give the same bytes as networks that are all open, also once the model’s bytes are let go', async function () {
    this.timeout(120_000)
    const model: Model = await readModel(WAN_MODEL)
    const [params] = knownAnswersOf(model.config.descriptor)
    const of = async (residency: 'together' | 'by turns') => {
      const read = await readModel(WAN_MODEL)
      const pipeline = await Pipeline.open(read, 'cpu', new NativeGate(), residency)
      read.files.bytes.clear()
      try {
        const { framesSha256, traceRoot } = await pipeline.generate(params!)
        return { framesSha256, traceRoot, software: await pipeline.software() }
      } finally {
        await pipeline.release()
      }
    }
    const [together, byTurns] = [await of('together'), await of('by turns')]
    assert.deepEqual(
      [byTurns.framesSha256, byTurns.traceRoot],
      [together.framesSha256, together.traceRoot],
    )
    assert.equal(byTurns.software.networks, 'one at a time')
    assert.equal(together.software.networks, undefined)
  })
})
