import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256Hex } from '../../formats/sha256.js'
import { AnswerStore, type KeptAnswer } from '../../prover/keeping/answer-store.js'

const KEYS = [1, 2, 3, 4].map((i) => sha256Hex(`key ${i}`))
const RECORDS = Buffer.alloc(10_000, 7)

function answerOf(key: string): KeptAnswer {
  return {
    ...{ request_id: 'a', caller: 'b', body_sha256: sha256Hex(`body of ${key}`), done_at_ms: 1 },
    ...{ step_digests: [key, key], frame_digests: [key] },
    request: { target: '/v1/generate', nonce: '1', signature: '0x' },
  }
}

describe('a prover’s stored answers', () => {
  let path: string
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'fractal-answers-'))
  })
  afterEach(() => rm(path, { recursive: true, force: true }))

  it('are known by their requests, and read from the disk, while there is room for them', async () => {
    const store = await AnswerStore.open(path, 35_000, Date.now())
    for (const key of KEYS) await store.put(key, answerOf(key), Buffer.from('{}'), [RECORDS])
    for (const answers of [store, await AnswerStore.open(path, 35_000, Date.now())]) {
      assert.equal(answers.bodySha256(KEYS[0]!), null)
      assert.equal(await answers.read(KEYS[0]!), null)
      for (const key of KEYS.slice(1)) {
        assert.equal(answers.bodySha256(key), answerOf(key).body_sha256)
        assert.deepEqual(await answers.read(key), answerOf(key))
      }
    }
  })

  it('are unknown where their files no longer say what they are', async () => {
    const [key = ''] = KEYS
    const store = await AnswerStore.open(path, 35_000, Date.now())
    await store.put(key, answerOf(key), Buffer.from('{}'), [RECORDS])
    await writeFile(join(path, key, 'answer.json'), '{"cut')
    assert.equal(await store.read(key), null)
    assert.equal((await AnswerStore.open(path, 35_000, Date.now())).bodySha256(key), null)
  })

  it('are the newest ones after a second answer to the same request', async () => {
    const store = await AnswerStore.open(path, 35_000, Date.now())
    const [first = '', second = '', third = '', fourth = ''] = KEYS
    for (const key of [first, second, first, third, fourth]) {
      await store.put(key, answerOf(key), Buffer.from('{}'), [RECORDS])
    }
    assert.deepEqual(
      KEYS.map((key) => store.bodySha256(key) !== null),
      [true, false, true, true],
    )
  })
})
