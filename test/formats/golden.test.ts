import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { answerText } from '../../formats/answer.js'
import { concat, fromHex, toHex, u32le, utf8 } from '../../formats/bytes.js'
import { canonicalJson } from '../../formats/canonical-json.js'
import { commitmentText } from '../../formats/commitment.js'
import {
  fingerprintOf,
  formatDeterminismClass,
  parseDeterminismClass,
  shortClass,
} from '../../formats/determinism-class.js'
import { drawBytes, drawInteger } from '../../formats/draws.js'
import { framesSha256 } from '../../formats/frames.js'
import { modelRoot } from '../../formats/model-root.js'
import { publishedClassesText } from '../../formats/published-classes.js'
import { recordHash, recordText } from '../../formats/record.js'
import { isRequestId, requestIdFromBytes } from '../../formats/request-id.js'
import { sha256Hex } from '../../formats/sha256.js'
import { traceRoot } from '../../formats/trace.js'

// Made by test/fixtures/golden/formats.py, with Python's hashlib.
const golden = JSON.parse(
  readFileSync(new URL('../fixtures/golden/formats.json', import.meta.url), 'utf8'),
)

describe('formats, golden vectors', () => {
  it('hashes frames', () => {
    for (const { width, height, frames, digests, sha256 } of golden.frames) {
      assert.equal(framesSha256({ width, height, frames }, digests.map(fromHex)), sha256)
    }
  })

  it('hashes traces', () => {
    for (const { steps, frames, root } of golden.traces) {
      assert.equal(traceRoot(steps.map(fromHex), frames.map(fromHex)), root)
    }
  })

  it('hashes a model folder by the bytes of its paths, in any order', () => {
    const { files, root } = golden.modelRoot
    assert.equal(modelRoot(files), root)
    assert.equal(modelRoot([...files].reverse()), root)
  })

  it('writes canonical JSON', () => {
    assert.equal(canonicalJson(golden.canonical.value), golden.canonical.text)
    assert.equal(sha256Hex(canonicalJson(golden.canonical.value)), golden.canonical.sha256)
  })

  it('hashes a record without its signature', () => {
    const { signature: _, ...unsigned } = golden.record.record
    assert.equal(recordHash(canonicalJson(unsigned)), golden.record.hash)
    assert.equal(recordText(golden.record.hash), `fractal-record/1\n${golden.record.hash}`)
  })

  it('writes determinism classes, and reads their parts', () => {
    const { engine, model, knownAnswers, text, short } = golden.class
    const fingerprint = fingerprintOf(knownAnswers)
    const cpu = { engine, modelRoot: model, ep: 'cpu', device: 'x64-avx2', fingerprint } as const
    assert.equal(formatDeterminismClass(cpu), text)
    assert.deepEqual(parseDeterminismClass(text), cpu)
    assert.equal(shortClass(text), short)
    const cuda = { ...cpu, ep: 'cuda', device: 'NVIDIA-GeForce-RTX-3090' } as const
    assert.deepEqual(parseDeterminismClass(formatDeterminismClass(cuda)), cuda)
  })

  it('writes the signed texts', () => {
    const { text: answer, ...terms } = golden.answer
    assert.equal(answerText(terms), answer)
    const { text: published, body } = golden.publishedClasses
    assert.equal(publishedClassesText(body), published)
    const { text: commitment, ...committed } = golden.commitment
    assert.equal(commitmentText(committed), commitment)
  })

  it('draws integers and bytes', () => {
    const { secret, blockHash, integers, bytes } = golden.draws
    const source = { secret: fromHex(secret), blockHash: fromHex(blockHash) }
    for (const { label, m, start, value } of integers) {
      assert.equal(drawInteger(source, label, m, start), value, `${label} below ${m}`)
    }
    for (const { label, count, hex } of bytes) {
      assert.equal(toHex(drawBytes(source, label, count)), hex)
    }
  })

  it('makes request ids', () => {
    assert.equal(requestIdFromBytes(fromHex(golden.requestId.bytes)), golden.requestId.id)
    assert.ok(isRequestId(golden.requestId.id))
  })

  it('writes bytes', () => {
    assert.equal(toHex(u32le(0xfedcba98)), '98badcfe')
    assert.equal(toHex(concat(utf8('é'), Uint8Array.of(0), utf8(''))), 'c3a900')
    assert.equal(
      sha256Hex('abc'),
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })
})
