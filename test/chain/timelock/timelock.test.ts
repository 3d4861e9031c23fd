import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { z } from 'zod'
import { encodeAddress } from '../../../base/crypto.js'
import { decryptWithSignature } from '../../../chain/timelock/decrypt.js'
import { encryptToRound } from '../../../chain/timelock/encrypt.js'
import { decodePayload, encodePayload } from '../../../chain/timelock/payload.js'
import { QUICKNET_KEY, revealRound } from '../../../chain/timelock/quicknet.js'
import { firstRevealBlock } from '../../../chain/timelock/reveal-block.js'
import { fromHex, toHex } from '../../../formats/bytes.js'

const u16s = z.array(z.int())
const weightsFile = z.object({
  signature: z.string(),
  cases: z.array(
    z.object({
      uids: u16s,
      values: u16s,
      versionKey: z.int(),
      hotkeyHex: z.string(),
      round: z.int(),
      commit: z.string(),
    }),
  ),
})
const blocksFile = z.object({
  cases: z.array(
    z.object({
      lastEpochBlock: z.int(),
      pendingEpochAt: z.int(),
      epochIndex: z.int(),
      tempo: z.int(),
      blocksSinceLastStep: z.int(),
      head: z.int(),
      revealPeriodEpochs: z.int(),
      firstRevealBlock: z.int(),
    }),
  ),
})

function read<T>(name: string, shape: z.ZodType<T>): T {
  const url = new URL(`../../fixtures/timelock/${name}`, import.meta.url)
  return shape.parse(JSON.parse(readFileSync(url, 'utf8')))
}

describe('timelock: weights, against bittensor-drand 2.0.0', () => {
  const { cases, signature } = read('weights-vectors.json', weightsFile)
  const signed = bls12_381.G1.Point.fromHex(signature)

  for (const { hotkeyHex, commit, round, ...weights } of cases) {
    const plain = encodePayload({ hotkey: encodeAddress(fromHex(hotkeyHex), 42), ...weights })

    it(`opens its commit to our bytes of ${weights.uids.length} weights`, () => {
      const opened = decryptWithSignature(fromHex(commit), signed)
      assert.equal(toHex(opened), toHex(plain))
      const { hotkey, ...shown } = decodePayload(opened)
      assert.deepEqual(shown, weights)
      assert.equal(hotkey, encodeAddress(fromHex(hotkeyHex), 42))
    })

    it(`makes bytes as long as its own, which the round's signature opens (${weights.uids.length})`, () => {
      const sealed = encryptToRound(plain, QUICKNET_KEY, round)
      assert.equal(sealed.length, commit.length / 2)
      assert.equal(toHex(decryptWithSignature(sealed, signed)), toHex(plain))
    })
  }

  it('another round’s signature opens nothing', () => {
    const sealed = encryptToRound(Uint8Array.of(1, 2, 3), QUICKNET_KEY, 1001)
    assert.throws(() => decryptWithSignature(sealed, signed), /for another round/)
  })

  it('bytes that were cut or changed open nothing', () => {
    const bytes = fromHex(cases[0]!.commit)
    assert.throws(() => decryptWithSignature(bytes.slice(0, 150), signed))
    for (const at of [120, 230, bytes.length - 1]) {
      const changed = Uint8Array.from(bytes)
      changed[at]! ^= 1
      assert.throws(() => decryptWithSignature(changed, signed), Error, `byte ${at}`)
    }
  })

  it('256 weights are under the chain’s 5,000 bytes', () => {
    const uids = Array.from({ length: 256 }, (_, i) => i)
    const hotkey = encodeAddress(new Uint8Array(32), 42)
    const plain = encodePayload({ hotkey, uids, values: uids, versionKey: 0 })
    assert.equal(encryptToRound(plain, QUICKNET_KEY, 1).length, 1313)
  })
})

describe('timelock: when the chain reveals', () => {
  it('in the block that the reference finds, in all 150 states', () => {
    const { cases } = read('reveal-block-vectors.json', blocksFile)
    assert.equal(cases.length, 150)
    for (const { firstRevealBlock: expected, revealPeriodEpochs, ...subnet } of cases) {
      const found = firstRevealBlock(subnet, revealPeriodEpochs)
      assert.equal(found, expected, JSON.stringify(subnet))
    }
  })

  it('never where there are no epochs', () => {
    const none = { epochIndex: 0, lastEpochBlock: 0, pendingEpochAt: 0, blocksSinceLastStep: 0 }
    assert.equal(firstRevealBlock({ head: 5, tempo: 0, ...none }, 1), null)
  })

  it('the round is the newest three blocks into the epoch', () => {
    const plan = { head: 100, firstReveal: 150, blockSeconds: 12 }
    assert.equal(revealRound(1_692_803_367, plan), (53 * 12) / 3)
  })
})
