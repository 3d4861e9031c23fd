import assert from 'node:assert/strict'
import { connectSubtensor } from '../../../chain/subtensor/adapter.js'
import { useSubtensor } from '../../support/subtensor.js'

describe('how long a block lasts', () => {
  describe('on a development chain that makes them as it is told', () => {
    const dev = useSubtensor({ saidBlockMs: 250 })

    it('is what the chain says', async () => {
      assert.equal(await blockSeconds(dev().url), 0.25)
    })
  })

  describe('on a chain that says nothing of it', () => {
    const dev = useSubtensor()

    it('is what its runtime plans', async () => {
      assert.equal(await blockSeconds(dev().url), 3)
    })
  })
})

async function blockSeconds(endpoint: string): Promise<number> {
  const chain = await connectSubtensor({ network: 'devnet', endpoint })
  await chain.close()
  return chain.blockSeconds
}
