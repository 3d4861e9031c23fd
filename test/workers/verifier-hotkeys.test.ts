import assert from 'node:assert/strict'
import type { Metagraph } from '../../chain/chain.js'
import { SubnetWatch } from '../../workers/subnet-watch.js'
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
    let away = true
    let reads = 0
    const chain = {
      blockSeconds: 12,
      async metagraph(netuid: number): Promise<Metagraph> {
        reads += 1
        if (away) throw new Error('away')
        return { netuid, block: { number: 1, hash: '' }, neurons }
      },
      subnetParams: async () => ({ ownerHotkey: 'owner', minStakeRao: 0n }),
    }
    const subnet = new SubnetWatch({ chain, netuid: 1, log: SILENT, periodMs: 5 })
    try {
      const early = new VerifierHotkeys(subnet)
      await until('a reading that fails', () => reads > 1)
      assert.equal(early.has('a'), false, 'nobody is known yet')
      away = false
      await until('the first reading', () => early.has('a'))
      let nowMs = 0
      const verifiers = new VerifierHotkeys(subnet, () => nowMs)
      const may = () => ['a', 'b', 'owner', 'stranger'].filter((one) => verifiers.has(one))
      assert.deepEqual(may(), ['a', 'owner'], 'at once, from the reading that there was')
      away = true
      const before = reads
      await until('readings that fail', () => reads > before + 2)
      assert.deepEqual(may(), ['a', 'owner'])
      away = false
      neurons = [neuron('a', false), neuron('b', true)]
      await until('the next reading', () => verifiers.has('b'))
      assert.deepEqual(may(), ['b', 'owner'])
      nowMs = 999
      assert.ok(verifiers.has('owner', 1000), 'of the first reading: nobody knows for how long')
      assert.ok(!verifiers.has('b', 1000), 'provers may not know of a permit that is new')
      nowMs = 1000
      assert.ok(verifiers.has('b', 1000))
    } finally {
      subnet.stop()
    }
  })
})
