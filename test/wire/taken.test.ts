import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import type { Signer } from '../../base/sr25519.js'
import { signRequest } from '../../wire/btauth.js'
import { requestGeneration } from '../../wire/client.js'
import {
  MAX_TAKEN,
  readTaken,
  type TakenClaim,
  type TakenTerms,
  takenTarget,
  validTaken,
} from '../../wire/taken.js'
import { devSigner } from './keys.js'
import { GENESIS, MODEL_ROOT, serving, VIDEO } from './stub-prover.js'

const NOW_NS = 1_700_000_000_000_000_000n
const SECOND_NS = 1_000_000_000n
const idOf = (i: number) => `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`

describe('what a refusal shows of others', () => {
  let alice: Signer
  let bob: Signer
  let charlie: Signer
  let terms: TakenTerms

  before(async () => {
    ;[alice, bob, charlie] = (await Promise.all(
      ['//Alice', '//Bob', '//Charlie'].map(devSigner),
    )) as [Signer, Signer, Signer]
    terms = {
      ...{ receiver: bob.ss58, self: charlie.ss58, deadlineMs: 20_000, nowNs: NOW_NS },
      mayVerify: (hotkey) => hotkey === alice.ss58 || hotkey === charlie.ss58,
    }
  })

  /** As an honest caller signs it, but for the changes. */
  function claim(
    i = 1,
    {
      signer = alice,
      receiver = bob.ss58,
      nonce = NOW_NS,
      target = takenTarget(idOf(i)),
      body = '',
    } = {},
  ): TakenClaim {
    const parts = { signer, receiver, nonce, method: 'POST', target, body: Buffer.from(body) }
    const signature = signRequest(parts)['X-Bittensor-Signature']!
    return { request_id: idOf(i), caller: signer.ss58, nonce: `${nonce}`, signature }
  }

  const valid = (...claims: TakenClaim[]) => validTaken(claims, terms)

  it('holds when another verifier signed it for this prover, each request once', async () => {
    assert.deepEqual(await valid(claim(1), claim(2), claim(1), claim(2)), [idOf(1), idOf(2)])
    const later = claim(3, { nonce: NOW_NS - 5n * SECOND_NS })
    assert.deepEqual(await valid(later, claim(3)), [idOf(3)])
  })

  it('is old at most as the refused request’s deadline, and little ahead', async () => {
    const at = (ns: bigint) => claim(1, { nonce: NOW_NS + ns })
    for (const ns of [-20n * SECOND_NS, 2n * SECOND_NS]) {
      assert.equal((await valid(at(ns))).length, 1, `${ns}`)
    }
    for (const ns of [
      -20n * SECOND_NS - 1n,
      2n * SECOND_NS + 1n,
      -3600n * SECOND_NS,
      3600n * SECOND_NS,
    ]) {
      assert.deepEqual(await valid(at(ns)), [], `${ns}`)
    }
  })

  it('is void of oneself, of who may not verify, for another prover, and for anything else', async () => {
    const dave = await devSigner('//Dave')
    const honest = claim(1)
    const void_: Record<string, TakenClaim> = {
      'by whom was refused': claim(1, { signer: charlie }),
      'by a hotkey without a permit': claim(1, { signer: dave }),
      'for another prover': claim(1, { receiver: dave.ss58 }),
      'of another request': { ...honest, request_id: idOf(2) },
      'in another one’s name': { ...claim(1, { signer: dave }), caller: alice.ss58 },
      'with another nonce': { ...honest, nonce: `${NOW_NS + 1n}` },
      'an opening': claim(1, { target: `/v1/generations/${idOf(1)}/open` }),
      'with a body': claim(1, { body: '{}' }),
      'with no signature': { ...honest, signature: `0x${'00'.repeat(64)}` },
    }
    for (const [what, one] of Object.entries(void_)) {
      assert.deepEqual(await valid(one), [], what)
    }
    assert.deepEqual(await valid(...Object.values(void_), honest), [idOf(1)])
  })

  it('is read without trust: what has no shape is passed over', () => {
    const honest = claim(1)
    for (const list of [undefined, null, 7, 'x', {}, { length: 3 }, [[]], [null, 1, 'x', {}]]) {
      assert.deepEqual(readTaken(list), [], JSON.stringify(list))
    }
    const bad: unknown[] = [
      { ...honest, request_id: `${idOf(1)}x` },
      { ...honest, request_id: '../../etc' },
      { ...honest, caller: 'x'.repeat(60_000) },
      { ...honest, caller: '5F' },
      { ...honest, nonce: 1_700_000_000_000 },
      { ...honest, nonce: '-1' },
      { ...honest, nonce: '9'.repeat(21) },
      { ...honest, signature: '0x00' },
      { ...honest, signature: null },
    ]
    assert.deepEqual(readTaken([...bad, { ...honest, more: 1 }]), [honest])
    assert.equal(readTaken(new Array(10_000).fill(honest)).length, MAX_TAKEN)
  })

  it('reaches the caller as request ids, whatever else a prover puts beside them', async () => {
    const refusing =
      (taken: unknown): RequestListener =>
      (_, res) => {
        res.writeHead(429, { 'Content-Type': 'application/json' })
        res.end(JSON.stringify({ error: { code: 'queue_full', message: 'full' }, taken }))
      }
    const ask = (taken: unknown) =>
      serving(refusing(taken), (address) =>
        requestGeneration({
          address,
          receiver: bob.ss58,
          signer: charlie,
          body: Buffer.from('{}'),
          expected: VIDEO,
          terms: { genesisHash: GENESIS, netuid: 9 },
          modelRoot: MODEL_ROOT,
          allowPrivate: true,
          deadlineMs: 20_000,
          mayVerify: terms.mayVerify,
        }),
      )
    const now = BigInt(Date.now()) * 1_000_000n
    const [one, two] = [claim(1, { nonce: now }), claim(2, { nonce: now })]
    const forged = { ...claim(3, { nonce: now }), caller: charlie.ss58 }
    assert.deepEqual(await ask([one, forged, null, { ...one, nonce: {} }, one, two]), {
      kind: 'refused',
      taken: [idOf(1), idOf(2)],
    })
    for (const taken of [null, 'x', { 0: one }, [['x'.repeat(100_000)]]]) {
      assert.deepEqual(await ask(taken), { kind: 'refused', taken: [] })
    }
  })
})
