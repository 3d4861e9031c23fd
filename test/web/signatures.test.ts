import assert from 'node:assert/strict'
import { signText, sr25519Ready } from '../../base/sr25519.js'
import { isSignedBy } from '../../web/receipt/signatures.js'
import { hotkeyBytes } from '../../web/receipt/ss58.js'
import { testSigner } from '../chain/keys.js'

describe('signatures, in the browser', () => {
  before(() => sr25519Ready())

  it('are those of the key alone, over the text alone', () => {
    const [signer, other] = [testSigner('a'), testSigner('b')]
    const signature = signText(signer, 'a text')
    assert.ok(isSignedBy(signer.ss58, 'a text', signature))
    assert.ok(!isSignedBy(other.ss58, 'a text', signature))
    assert.ok(!isSignedBy(signer.ss58, 'another text', signature))
    assert.ok(!isSignedBy('nobody', 'a text', signature))
    for (const bad of ['', '0x00', signature.toUpperCase(), signature.slice(2)]) {
      assert.ok(!isSignedBy(signer.ss58, 'a text', bad), bad)
    }
  })

  it('read hotkeys as the chain does', async () => {
    const { decodeAddress } = await import('../../base/crypto.js')
    for (const name of ['a', 'b', 'c']) {
      const { ss58 } = testSigner(name)
      assert.deepEqual(hotkeyBytes(ss58), new Uint8Array(decodeAddress(ss58)))
    }
    // Of another prefix, too long, not base58, nothing.
    for (const bad of [
      '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5',
      `5${'G'.repeat(60)}`,
      'O0',
      '',
    ]) {
      assert.equal(hotkeyBytes(bad), null, bad)
    }
  })
})
