import assert from 'node:assert/strict'
import { useSubtensor } from '../support/subtensor.js'

describe('the development chain of Subtensor', () => {
  const chain = useSubtensor()

  it('makes blocks when asked, one after the other', async () => {
    const { number } = chain().head()
    const block = await chain().newBlock(2)
    assert.equal(block.number, number + 2)
    assert.equal(chain().head(), block)
  })
})
