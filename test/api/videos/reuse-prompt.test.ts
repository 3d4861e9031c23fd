import assert from 'node:assert/strict'
import type { Video } from '../../../api/videos/object.js'
import { reusablePrompts, reusedTexts } from '../../../ledger/requests/reusable-prompts.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { newKey } from '../auth/new-key.js'
import { awayTemporal, type Problem, startApi, type TestApi } from '../server.js'

describe('reuse_prompt', () => {
  const database = useDatabase()
  const temporal = awayTemporal()
  const id = newVerifier()
  let server: TestApi
  before(async () => {
    server = await startApi({ db: database().db, temporal, verifierId: id })
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
  })

  const post = (body: unknown, headers: Record<string, string> = {}) =>
    server.fetch('/v1/videos', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    })
  const form = (fields: Record<string, string>) => {
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    return server.fetch('/v1/videos', { method: 'POST', body })
  }
  /** Prompts that a check may ask with. */
  const reusable = async () => {
    const found = await reusablePrompts(database().db, id)
    const hashes = found.map(({ promptSha256 }) => promptSha256)
    const texts = [...(await reusedTexts(database().db, id, hashes)).values()]
    return texts.map(({ prompt }) => prompt).sort()
  }

  it('false keeps a prompt from every check, in JSON, in a form and for a key', async () => {
    const key = await newKey(database().db, { reusePrompts: false })
    const answers = [
      await post({ prompt: 'yes by default' }),
      await post({ prompt: 'yes by null', reuse_prompt: null }),
      await post({ prompt: 'yes as said', reuse_prompt: true }),
      await form({ prompt: 'yes in a form', reuse_prompt: 'true' }),
      await post({ prompt: 'no in JSON', reuse_prompt: false }),
      await form({ prompt: 'no in a form', reuse_prompt: 'false' }),
      await post(
        { prompt: 'no by its key', reuse_prompt: true },
        { Authorization: `Bearer ${key.secret}` },
      ),
    ]
    for (const answer of answers) assert.equal(answer.status, 200, await answer.clone().text())
    assert.deepEqual(await reusable(), [
      'yes as said',
      'yes by default',
      'yes by null',
      'yes in a form',
    ])
  })

  it('is nothing but true or false', async () => {
    const answer = await post({ prompt: 'x', reuse_prompt: 'no' })
    const problem = (await answer.json()) as Problem
    assert.deepEqual([answer.status, problem.error.param], [400, 'reuse_prompt'])
    assert.equal(problem.detail, 'reuse_prompt is "no": it must be true or false.')
  })

  it('false asks for a video of its own, though the same seed made one that may be reused', async () => {
    const video = async (reuse_prompt?: boolean) =>
      ((await (await post({ prompt: 'again', seed: 5, reuse_prompt })).json()) as Video).id
    const first = await video()
    assert.equal(await video(), first)
    const second = await video(false)
    assert.notEqual(second, first)
    assert.equal(await video(false), second)
  })
})
