import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Signer } from '../../base/sr25519.js'
import {
  freshNonce,
  type IncomingHeaders,
  readClaim,
  signedText,
  signRequest,
  verifyRequest,
} from '../../wire/btauth.js'
import { NonceMemory } from '../../wire/nonce-memory.js'
import { devSigner } from './keys.js'

const NONCE = 1752076800000000000n
const SECOND = 1_000_000_000n
const HOUR_MS = 3_600_000
const TARGET = '/generate?stream=false'
const BODY = Buffer.from('{"prompt": "hello"}')

describe('btauth/1', () => {
  let alice: Signer
  let bob: Signer
  let headers: Record<string, string>

  before(async () => {
    alice = await devSigner('//Alice')
    bob = await devSigner('//Bob')
    headers = signRequest({
      signer: alice,
      receiver: bob.ss58,
      method: 'POST',
      target: TARGET,
      body: BODY,
      nonce: NONCE,
    })
  })

  const lower = (all: Record<string, string>): IncomingHeaders =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]))

  function verify(
    changes: {
      headers?: Record<string, string>
      method?: string
      target?: string
      body?: Uint8Array
      self?: string
      nowNs?: bigint
      nonces?: NonceMemory
    } = {},
  ) {
    return verifyRequest({
      method: 'POST',
      target: TARGET,
      body: BODY,
      self: bob.ss58,
      nowNs: NONCE + SECOND,
      nonces: new NonceMemory({ startedNs: 0n, uptimeMs: HOUR_MS }),
      ...changes,
      headers: lower({ ...headers, ...changes.headers }),
    })
  }

  it('signs the eight lines of the golden case', () => {
    const sender = alice.ss58
    assert.equal(sender, '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY')
    const digest = '341c57448e531310fbbe83f44cea2a5e838bd9e8a6b82b269f01d0dbbc23c3cc'
    assert.equal(createHash('sha256').update(BODY).digest('hex'), digest)
    assert.equal(
      signedText({
        method: 'post',
        target: TARGET,
        body: BODY,
        nonce: NONCE,
        sender,
        receiver: bob.ss58,
      }),
      [
        'btauth/1',
        'sr25519',
        'POST',
        '/generate?stream=false',
        digest,
        '1752076800000000000',
        '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
        '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty',
      ].join('\n'),
    )
    assert.deepEqual(Object.keys(headers), [
      'X-Bittensor-Version',
      'X-Bittensor-Hotkey',
      'X-Bittensor-Receiver',
      'X-Bittensor-Nonce',
      'X-Bittensor-Signature',
    ])
    const verified = verify()
    assert.ok(verified.ok)
    assert.equal(verified.sender, sender)
  })

  it('binds method, target with its query, raw body, nonce, sender and receiver', () => {
    const reasonOf = (changes: Parameters<typeof verify>[0]) => {
      const result = verify(changes)
      return result.ok ? 'ok' : result.reason
    }
    assert.equal(reasonOf({ method: 'PUT' }), 'bad_signature')
    assert.equal(reasonOf({ target: '/generate?stream=true' }), 'bad_signature')
    assert.equal(reasonOf({ body: Buffer.from('{"prompt":"hello"}') }), 'bad_signature')
    const nonce = { 'X-Bittensor-Nonce': (NONCE + 1n).toString() }
    assert.equal(reasonOf({ headers: nonce }), 'bad_signature')
    assert.equal(reasonOf({ headers: { 'X-Bittensor-Hotkey': bob.ss58 } }), 'bad_signature')
    assert.equal(reasonOf({ self: alice.ss58 }), 'wrong_receiver')
    const flipped = headers['X-Bittensor-Signature']!.replace(/.$/, (c) => (c === '0' ? '1' : '0'))
    assert.equal(reasonOf({ headers: { 'X-Bittensor-Signature': flipped } }), 'bad_signature')
  })

  it('refuses malformed headers before anything else', () => {
    const cases: Record<string, string>[] = [
      { 'X-Bittensor-Version': '2' },
      { 'X-Bittensor-Version': '' },
      { 'X-Bittensor-Hotkey': 'Alice' },
      { 'X-Bittensor-Hotkey': `${alice.ss58}, ${alice.ss58}` },
      { 'X-Bittensor-Receiver': '' },
      { 'X-Bittensor-Receiver': '-' },
      { 'X-Bittensor-Nonce': '0x10' },
      { 'X-Bittensor-Nonce': '-1' },
      { 'X-Bittensor-Nonce': '1e18' },
      { 'X-Bittensor-Nonce': '01752076800000000000' },
      { 'X-Bittensor-Nonce': '9'.repeat(40) },
      { 'X-Bittensor-Crypto': 'ed25519' },
      { 'X-Bittensor-Signature': `0x${'A'.repeat(128)}` },
      { 'X-Bittensor-Signature': 'f'.repeat(128) },
    ]
    for (const changed of cases) {
      const result = verify({ headers: changed })
      assert.deepEqual(
        result,
        { ok: false, status: 401, reason: 'malformed' },
        `${Object.entries(changed)}`,
      )
    }
    assert.ok(verify({ headers: { 'X-Bittensor-Crypto': 'sr25519' } }).ok)
  })

  it('takes nonces of the last 10 s and the next 2 s', () => {
    assert.ok(verify({ nowNs: NONCE + 10n * SECOND }).ok)
    assert.ok(verify({ nowNs: NONCE - 2n * SECOND }).ok)
    for (const nowNs of [NONCE + 10n * SECOND + 1n, NONCE - 2n * SECOND - 1n]) {
      assert.deepEqual(verify({ nowNs }), { ok: false, status: 401, reason: 'stale' })
    }
  })

  it('takes a nonce once, and none from before the start', () => {
    const nonces = new NonceMemory({ startedNs: NONCE, uptimeMs: HOUR_MS })
    assert.ok(verify({ nonces }).ok)
    assert.deepEqual(verify({ nonces }), { ok: false, status: 401, reason: 'replayed' })
    const restarted = new NonceMemory({ startedNs: NONCE + 1n, uptimeMs: HOUR_MS })
    assert.deepEqual(verify({ nonces: restarted }), {
      ok: false,
      status: 401,
      reason: 'before_start',
    })
  })

  it('does not let a badly signed copy use a nonce up', () => {
    const nonces = new NonceMemory({ startedNs: 0n, uptimeMs: HOUR_MS })
    assert.ok(!verify({ nonces, body: Buffer.from('{}') }).ok)
    assert.ok(verify({ nonces }).ok)
  })

  it('checks the claim without a body', () => {
    const read = readClaim({
      headers: lower(headers),
      self: bob.ss58,
      nowNs: NONCE,
      nonces: new NonceMemory({ startedNs: 0n, uptimeMs: HOUR_MS }),
    })
    assert.ok(read.ok)
    assert.equal(read.claim.nonce, NONCE)
  })

  it('makes nonces of this millisecond that differ', () => {
    const nonces = new Set(Array.from({ length: 50 }, () => freshNonce(1_752_076_800_000)))
    for (const nonce of nonces) assert.equal(nonce / 1_000_000n, 1_752_076_800_000n)
    assert.ok(nonces.size > 40)
  })
})

describe('nonce memory', () => {
  it('is bounded: full of fresh nonces it refuses, and evicts only what is too old to be fresh', () => {
    const nonces = new NonceMemory({ startedNs: 0n, uptimeMs: HOUR_MS, max: 3 })
    for (const i of [1n, 2n, 3n]) assert.equal(nonces.use('a', i, i), 'fresh')
    assert.equal(nonces.use('b', 4n, 4n), 'busy')
    assert.equal(nonces.use('a', 1n, 5n), 'replayed')
    assert.equal(nonces.use('b', 4n, 13n * SECOND + 2n), 'fresh')
    assert.equal(nonces.use('a', 2n, 13n * SECOND + 2n), 'replayed')
    assert.equal(nonces.use('a', 1n, 13n * SECOND + 2n), 'busy')
  })

  it('keeps hotkeys separate', () => {
    const nonces = new NonceMemory({ startedNs: 0n, uptimeMs: HOUR_MS })
    assert.equal(nonces.use('a', 1n, 1n), 'fresh')
    assert.equal(nonces.use('b', 1n, 1n), 'fresh')
  })
})
