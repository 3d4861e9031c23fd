import assert from 'node:assert/strict'
import {
  isSs58,
  manyTextsVerifier,
  signText,
  sr25519Ready,
  verifyText,
} from '../../base/sr25519.js'
import { testSigner } from '../chain/keys.js'
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

describe('a signature', () => {
  it('is verified alike by the one that takes many, whatever is wrong with it', async () => {
    await sr25519Ready()
    const verify = manyTextsVerifier()
    const [one, other] = [testSigner('one'), testSigner('other')]
    const good = signText(one, 'a text')
    const flipped = Array.from({ length: 64 }, (_, i) => {
      const bytes = Buffer.from(good.slice(2), 'hex')
      bytes[i]! ^= 1 << (i % 8)
      return `0x${bytes.toString('hex')}`
    })
    const cases: [string, string, string][] = [
      [one.ss58, 'a text', good],
      [one.ss58, 'a text', good.slice(0, -2)],
      [one.ss58, 'a text', `0x${'00'.repeat(64)}`],
      [one.ss58, 'a text', `0x${'ff'.repeat(64)}`],
      [one.ss58, 'another text', good],
      [other.ss58, 'a text', good],
      ['5x', 'a text', good],
      ...flipped.map((bad): [string, string, string] => [one.ss58, 'a text', bad]),
    ]
    const found = cases.map((each) => verify(...each))
    assert.deepEqual(
      found,
      cases.map((each) => verifyText(...each)),
    )
    assert.deepEqual([found[0], found.filter(Boolean).length], [true, 1])
  })
})
