import assert from 'node:assert/strict'
import { shownChain } from '../../../api/network/shown-chain.js'

describe('what an API tells of its chain', () => {
  it('is the network’s name, and where a development chain listens on this machine', () => {
    const near = 'http://127.0.0.1:7606'
    assert.deepEqual(shownChain('local', near), { network: 'local', endpoint: near })
    assert.deepEqual(shownChain('finney', undefined), { network: 'finney', endpoint: null })
    assert.deepEqual(shownChain('devnet', 'ws://chain:9944'), { network: 'devnet', endpoint: null })
    assert.equal(shownChain('local', undefined), null)
  })

  it('has no endpoint of an operator’s own node, near or with a key', () => {
    for (const own of ['ws://127.0.0.1:9944', 'wss://node.example/?key=secret']) {
      assert.deepEqual(shownChain('finney', own), { network: 'finney', endpoint: null })
    }
    assert.equal(shownChain('local', 'http://node.example:1'), null)
  })
})
