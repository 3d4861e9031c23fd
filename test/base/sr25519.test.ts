import assert from 'node:assert/strict'
import { isSs58, sr25519Ready } from '../../base/sr25519.js'
import { devSigner } from '../wire/keys.js'

describe('an address', () => {
  it('is refused at a glance when it is far too long: decoding it would take minutes', async () => {
    await sr25519Ready()
    const { ss58 } = await devSigner('//Alice')
    assert.ok(isSs58(ss58))
    for (const text of ['', ss58.slice(1), `${ss58}1`, '5'.repeat(1_000_000)]) {
      assert.ok(!isSs58(text), `${text.length} characters`)
    }
  })
})
