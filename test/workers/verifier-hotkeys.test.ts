import assert from 'node:assert/strict'
import type { Metagraph } from '../../chain/chain.js'
import { VerifierHotkeys } from '../../workers/verifier-hotkeys.js'
import { SILENT } from '../chain/local-harness.js'
import { until } from '../support/until.js'

const neuron = (hotkey: string, validatorPermit: boolean): Metagraph['neurons'][number] => ({
  ...{ uid: 0, hotkey, coldkey: 'cold', axon: null, stakeRao: 1n, validatorPermit },
  ...{ lastUpdate: 0, registeredBlock: 1 },
})

describe('who may verify', () => {
  it('is read again and again; while the chain is away, those of before may', async () => {
    let neurons = [neuron('a', true), neuron('b', false)]
    let away = false
    let reads = 0
    const chain = {
      async metagraph(netuid: number): Promise<Metagraph> {
        reads += 1
        if (away) throw new Error('away')
        return { netuid, block: { number: 1, hash: '' }, neurons }
      },
      subnetParams: async () => ({ ownerHotkey: 'owner' }),
    }
    away = true
    const nobody = await VerifierHotkeys.start(chain, 1, SILENT, 60_000)
    nobody.stop()
    assert.equal(nobody.has('a'), false, 'a worker starts without the chain')
    away = false
    const verifiers = await VerifierHotkeys.start(chain, 1, SILENT, 5)
    try {
      const may = () => ['a', 'b', 'owner', 'stranger'].filter(verifiers.has)
      assert.deepEqual(may(), ['a', 'owner'])
      away = true
      const before = reads
      await until('readings that fail', () => reads > before + 2)
      assert.deepEqual(may(), ['a', 'owner'])
      away = false
      neurons = [neuron('a', false), neuron('b', true)]
      await until('the next reading', () => verifiers.has('b'))
      assert.deepEqual(may(), ['b', 'owner'])
    } finally {
      verifiers.stop()
    }
  })
})
