import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { decodeAddress, encodeAddress } from '../../base/crypto.js'
import { isSs58, signText, sr25519Ready, verifyText } from '../../base/sr25519.js'
import { testSigner } from '../chain/keys.js'
import { devSigner } from '../wire/keys.js'

// In its CommonJS form for the reason in base/crypto.ts.
const utilCrypto: typeof import('@polkadot/util-crypto') = createRequire(import.meta.url)(
  '@polkadot/util-crypto',
)

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

describe('a signature', () => {
  it('is verified as Polkadot’s JavaScript does, whatever is wrong with it', async () => {
    await sr25519Ready()
    const [one, other] = [testSigner('one'), testSigner('other')]
    const good = signText(one, 'a text')
    const flipped = Array.from({ length: 64 }, (_, i) => {
      const bytes = Buffer.from(good.slice(2), 'hex')
      bytes[i]! ^= 1 << (i % 8)
      return `0x${bytes.toString('hex')}`
    })
    // No point of the curve, and the neutral one.
    const odd = [new Uint8Array(32).fill(0xff), new Uint8Array(32)].map((key) =>
      encodeAddress(key, 42),
    )
    const cases: [string, string, string][] = [
      [one.ss58, 'a text', good],
      [one.ss58, 'a text', `0x${'00'.repeat(64)}`],
      [one.ss58, 'a text', `0x${'ff'.repeat(64)}`],
      [one.ss58, 'another text', good],
      [other.ss58, 'a text', good],
      ...odd.map((ss58): [string, string, string] => [ss58, 'a text', good]),
      ...flipped.map((bad): [string, string, string] => [one.ss58, 'a text', bad]),
    ]
    const found = cases.map((each) => verifyText(...each))
    assert.deepEqual(found, cases.map(inJavaScript))
    assert.deepEqual([found[0], found.filter(Boolean).length], [true, 1])
  })

  it('is none where it or the address has another form', async () => {
    await sr25519Ready()
    const one = testSigner('one')
    const good = signText(one, 'a text')
    assert.ok(!verifyText(one.ss58, 'a text', good.slice(0, -2)))
    assert.ok(!verifyText(one.ss58, 'a text', good.toUpperCase()))
    assert.ok(!verifyText('5x', 'a text', good))
    assert.ok(!verifyText(encodeAddress(one.ss58, 0), 'a text', good))
    // Known by now: the second look is at what was kept.
    assert.ok(verifyText(one.ss58, 'a text', good) && verifyText(one.ss58, 'a text', good))
  })

  it('of ours is one to Polkadot’s JavaScript', async () => {
    await sr25519Ready()
    for (let i = 0; i < 20; i += 1) {
      const signer = testSigner(`signer ${i}`)
      const text = 'a text '.repeat(i)
      assert.ok(inJavaScript([signer.ss58, text, signText(signer, text)]), text)
    }
  })
})

function inJavaScript([ss58, text, signature]: [string, string, string]): boolean {
  try {
    const bytes = Buffer.from(signature.slice(2), 'hex')
    return utilCrypto.sr25519Verify(new TextEncoder().encode(text), bytes, decodeAddress(ss58))
  } catch {
    return false
  }
}
