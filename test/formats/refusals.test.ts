import assert from 'node:assert/strict'
import fc from 'fast-check'
import { answerText } from '../../formats/answer.js'
import { fromHex, toHex, u32le } from '../../formats/bytes.js'
import { type CanonicalValue, canonicalJson } from '../../formats/canonical-json.js'
import { isDeterminismClass } from '../../formats/determinism-class.js'
import { drawBytes, drawInteger } from '../../formats/draws.js'
import { FormatError, type FormatErrorCode } from '../../formats/error.js'
import { framesSha256 } from '../../formats/frames.js'
import { guidanceMilli, SEED_MAX, workOf } from '../../formats/generation.js'
import { modelRoot } from '../../formats/model-root.js'
import { isRequestId } from '../../formats/request-id.js'
import { traceRoot } from '../../formats/trace.js'

const DIGEST = 'ab'.repeat(32)
const source = { secret: new Uint8Array(32), blockHash: new Uint8Array(32).fill(7) }

function refused(code: FormatErrorCode, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof FormatError && error.code === code)
}

describe('formats, edges', () => {
  it('refuses what has no canonical JSON, naming the place', () => {
    const bad: unknown[] = [
      1.5,
      NaN,
      Infinity,
      2 ** 53,
      undefined,
      '\ud800',
      1n,
      new Map(),
      [undefined],
    ]
    for (const value of bad) {
      refused('not_canonical', () => canonicalJson(value as CanonicalValue))
      refused('not_canonical', () => canonicalJson({ deep: [value] } as CanonicalValue))
    }
    refused('not_canonical', () => canonicalJson({ '\udc00': 1 }))
    assert.throws(() => canonicalJson({ a: [0, 0.5] }), /\$\.a\[1\]/)
    assert.equal(canonicalJson(-0), '0')
    assert.equal(canonicalJson(Object.assign(Object.create(null), { b: 1, a: 2 })), '{"a":2,"b":1}')
  })

  it('canonical JSON is JSON, and the same for every order of keys', () => {
    const key = fc.string({ unit: 'grapheme', maxLength: 4 })
    const value = fc.oneof(fc.maxSafeInteger(), fc.boolean(), fc.constant(null), key)
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k }), (entries) => {
        const text = canonicalJson(Object.fromEntries(entries))
        assert.equal(canonicalJson(Object.fromEntries([...entries].reverse())), text)
        assert.equal(canonicalJson(JSON.parse(text)), text)
      }),
      { seed: 1 },
    )
  })

  it('takes guidance of at most three decimals', () => {
    assert.equal(guidanceMilli(3), 3000)
    assert.equal(guidanceMilli(7.125), 7125)
    assert.equal(guidanceMilli(0.1 + 0.2 - 0.30000000000000004 + 1.001), 1001)
    assert.ok(Object.is(guidanceMilli(-0), 0))
    for (const g of [1.0001, NaN, Infinity, 1e300]) refused('bad_guidance', () => guidanceMilli(g))
    for (let milli = 0; milli < 30000; milli++) assert.equal(guidanceMilli(milli / 1000), milli)
  })

  it('counts work', () => {
    assert.equal(workOf({ steps: 12, frames: 16, width: 64, height: 64 }), 786432)
    refused('bad_integer', () => workOf({ steps: 0, frames: 1, width: 8, height: 8 }))
    refused('bad_integer', () => workOf({ steps: 1.5, frames: 1, width: 8, height: 8 }))
    refused('bad_integer', () => workOf({ steps: 1e6, frames: 1e6, width: 1e6, height: 8 }))
    assert.equal(SEED_MAX, 2 ** 32 - 1)
  })

  it('refuses digests that are none', () => {
    const short = new Uint8Array(31)
    refused('bad_digest', () => framesSha256({ width: 8, height: 8, frames: 1 }, [short]))
    refused('bad_digest', () => framesSha256({ width: 8, height: 8, frames: 2 }, []))
    refused('bad_digest', () => traceRoot([new Uint8Array(32)], [new Uint8Array(32)]))
    refused('bad_digest', () => drawInteger({ ...source, secret: short }, 'x', 2))
  })

  it('refuses hex in another spelling', () => {
    for (const hex of ['0x00', 'AB', 'a', 'zz']) refused('bad_hex', () => fromHex(hex))
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromHex(toHex(bytes)), bytes)),
      { seed: 2 },
    )
    for (const n of [-1, 0.5, 2 ** 32]) refused('bad_integer', () => u32le(n))
  })

  it('refuses paths that leave the folder, or stand twice', () => {
    for (const path of ['../a', '/a', 'a//b', './a', '', 'a\nb', 'a\\b']) {
      refused('bad_path', () => modelRoot([{ path, sha256: DIGEST }]))
    }
    const file = { path: 'a', sha256: DIGEST }
    refused('bad_path', () => modelRoot([file, file]))
    refused('bad_path', () => modelRoot([]))
    refused('bad_hex', () => modelRoot([{ path: 'a', sha256: 'AB'.repeat(32) }]))
  })

  it('refuses a line break in a signed text', () => {
    const terms = {
      genesisHash: DIGEST,
      netuid: 1,
      verifier: 'v',
      prover: 'p',
      bodySha256: DIGEST,
      framesSha256: DIGEST,
      traceRoot: DIGEST,
      determinismClass: 'c',
      modelRoot: DIGEST,
    }
    assert.equal(answerText(terms).split('\n').length, 10)
    refused('bad_text', () => answerText({ ...terms, prover: 'p\nq' }))
    refused('bad_hex', () => answerText({ ...terms, traceRoot: `0x${DIGEST}` }))
    refused('bad_integer', () => answerText({ ...terms, netuid: 0.5 }))
  })

  it('knows determinism classes from other text', () => {
    const cls = `fc2;engine=e;model=${DIGEST};ep=cpu;device=x64-avx2;fingerprint=${DIGEST}`
    assert.ok(isDeterminismClass(cls))
    assert.ok(isDeterminismClass(cls.replace('cpu;device=x64-avx2', 'cuda;device=Any-GPU(1.2)')))
    const others = [
      '',
      'fc2',
      `${cls};`,
      `${cls};driver=1`,
      cls.replace('fc2', 'fc1'),
      cls.replace('engine=e', 'engine=a b'),
      cls.replace('engine=e', 'engine=é'),
      cls.replace('ep=cpu', 'ep=rocm'),
      cls.replace('x64-avx2', ''),
      cls.replace('x64-avx2', 'x64-mmx'),
      cls.replace('x64-avx2', 'x64=avx2'),
      cls.replace('ep=cpu;device=x64-avx2', 'device=x64-avx2;ep=cpu'),
      cls.replace('engine=e;', ''),
      cls.replace(DIGEST, 'x'),
      cls.replace(`fingerprint=${DIGEST}`, 'fingerprint=x'),
      cls.replace('engine=e', `engine=${'e'.repeat(1024)}`),
    ]
    for (const other of others) assert.ok(!isDeterminismClass(other), other)
  })

  it('knows request ids from other text', () => {
    assert.ok(isRequestId('6bf3a1d0-52a1-4c3e-8f00-0123456789ab'))
    for (const id of [
      '6BF3A1D0-52A1-4C3E-8F00-0123456789AB',
      '6bf3a1d0-52a1-1c3e-8f00-0123456789ab',
      'x',
    ]) {
      assert.ok(!isRequestId(id))
    }
  })

  it('draws within range, and refuses what it cannot draw', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.nat(50), (m, i) => {
        const drawn = drawInteger(source, `label/${i}`, m)
        assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < m)
      }),
      { seed: 3 },
    )
    for (const m of [0, -1, 1.5, 2 ** 53]) refused('bad_integer', () => drawInteger(source, 'x', m))
    refused('bad_integer', () => drawBytes(source, 'x', 33))
    for (const label of ['', 'a\0b', 'é', 'a b']) {
      refused('bad_text', () => drawInteger(source, label, 2))
    }
  })

  it('draws evenly', () => {
    const counts = new Array<number>(5).fill(0)
    for (let i = 0; i < 5000; i++) counts[drawInteger(source, `even/${i}`, 5)]! += 1
    for (const count of counts) assert.ok(Math.abs(count - 1000) < 120, `${counts}`)
  })
})
