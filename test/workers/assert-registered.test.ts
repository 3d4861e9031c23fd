import assert from 'node:assert/strict'
import type { Chain } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { assertRegistered } from '../../workers/assert-registered.js'

const ID = { netuid: 5, verifier: 'a hotkey' }

describe('a hotkey that is not registered, or a subnet that is not there', () => {
  const empty: Pick<Chain, 'metagraph'> = {
    metagraph: async (netuid) => ({ netuid, block: { number: 1, hash: 'ab' }, neurons: [] }),
  }
  const failing = (code: string): Pick<Chain, 'metagraph'> => ({
    metagraph: async () => {
      throw new ChainError(code, `the chain says ${code}`)
    },
  })

  it('stops a verifier', async () => {
    await assert.rejects(assertRegistered(empty, ID), { code: 'HotKeyNotRegisteredInSubNet' })
    const gone = failing('SubNetworkDoesNotExist')
    await assert.rejects(assertRegistered(gone, ID), { code: 'SubNetworkDoesNotExist' })
  })
})
