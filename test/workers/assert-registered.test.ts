import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Chain } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { assertRegistered, warnUnlessRegistered } from '../../workers/assert-registered.js'

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

  it('is a warning of an inference worker; any other failure stops it', async () => {
    const told: string[] = []
    const log = pino({}, { write: (line: string) => told.push(line) })
    await warnUnlessRegistered(empty, ID, log)
    await warnUnlessRegistered(failing('SubNetworkDoesNotExist'), ID, log)
    assert.match(told[0]!, /a hotkey is not registered on subnet 5/)
    assert.match(told[1]!, /the chain says SubNetworkDoesNotExist.*Check --netuid/)
    const down = failing('chain_unreachable')
    await assert.rejects(warnUnlessRegistered(down, ID, log), { code: 'chain_unreachable' })
    assert.equal(told.length, 2)
  })
})
