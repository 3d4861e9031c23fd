import assert from 'node:assert/strict'
import { chainTarget } from '../../chain/subtensor/endpoints.js'
import { namedProfile } from '../../workers/mechanism-profile.js'

describe('the scaled-down profiles', () => {
  it('are for chains of this machine, and refused elsewhere', () => {
    for (const network of ['local', 'devnet']) {
      assert.equal(namedProfile({ profile: 'demo', 'subtensor.network': network }).name, 'demo')
    }
    for (const network of ['finney', 'test', 'ws://127.0.0.1:9944']) {
      assert.throws(() => namedProfile({ profile: 'demo', 'subtensor.network': network }), {
        code: 'profile_refused',
      })
    }
  })

  it('cannot come to another network under the name of the devnet', () => {
    const here = 'ws://127.0.0.1:9944, ws://localhost:9945,ws://[::1]:9946'
    assert.equal(chainTarget('devnet', here).endpoints.length, 3)
    for (const elsewhere of [
      'wss://entrypoint-finney.opentensor.ai:443',
      `${here},ws://10.0.0.1`,
    ]) {
      assert.throws(() => chainTarget('devnet', elsewhere), { code: 'chain_endpoint' })
    }
  })
})
