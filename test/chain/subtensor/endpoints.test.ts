import assert from 'node:assert/strict'
import { chainTarget } from '../../../chain/subtensor/endpoints.js'

describe('the addresses of a network', () => {
  it('knows the devnet’s, which is on this machine only', () => {
    const { endpoints, genesis } = chainTarget('devnet', '')
    assert.deepEqual({ endpoints, genesis }, { endpoints: ['ws://127.0.0.1:9944'], genesis: null })
    assert.deepEqual(chainTarget('devnet', 'ws://localhost:1').endpoints, ['ws://localhost:1'])
    assert.deepEqual(
      chainTarget('devnet', 'ws://chain:1').endpoints,
      ['ws://chain:1'],
      'in Compose',
    )
    for (const url of [
      'wss://entrypoint-finney.opentensor.ai:443',
      'ws://127.0.0.1:1,ws://10.0.0.1:1',
    ]) {
      assert.throws(() => chainTarget('devnet', url), { code: 'chain_endpoint' }, url)
    }
  })
})
