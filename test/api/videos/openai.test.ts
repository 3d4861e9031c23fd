import assert from 'node:assert/strict'
import { decode } from 'fast-png'
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  toFile,
} from 'openai'
import type { Video } from 'openai/resources/videos'
import { useSmallGrid } from '../../support/small-grid.js'

type ApiErrorClass = new (...given: never[]) => InstanceType<typeof OpenAI.APIError>

describe('OpenAI’s client', () => {
  const grid = useSmallGrid()
  let client: OpenAI
  before(() => {
    client = new OpenAI({ apiKey: grid().key, baseURL: `${grid().url}/v1`, maxRetries: 0 })
  })

  /** As its users do: it has no helper of its own for it. */
  const createAndPoll = async (prompt: string): Promise<Video> => {
    const created = await client.videos.create({ prompt })
    assert.equal(created.object, 'video')
    for (;;) {
      const { data, response } = await client.videos.retrieve(created.id).withResponse()
      if (data.status === 'completed' || data.status === 'failed') return data
      const pause = Number(response.headers.get('openai-poll-after-ms'))
      assert.ok(pause > 0, 'says how soon to look again')
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause, 50)))
    }
  }

  const refused = async (
    asked: PromiseLike<unknown>,
    kind: ApiErrorClass,
    expected: { status: number; code: string; param: string | null },
  ): Promise<string> => {
    try {
      await asked
    } catch (error) {
      assert.ok(error instanceof kind, `${kind.name}, not ${String(error)}`)
      const { status, code, param, type, message } = error
      assert.deepEqual({ status, code, param }, expected)
      assert.ok(type, 'a type')
      return message
    }
    assert.fail('nothing was refused')
  }

  it('creates by a form, polls and downloads', async () => {
    const video = await createAndPoll('a red circle moves right')
    assert.equal(video.status, 'completed', JSON.stringify(video.error))
    assert.equal(video.progress, 100)
    assert.equal(video.prompt, 'a red circle moves right')
    const file = await client.videos.downloadContent(video.id)
    assert.equal(file.headers.get('content-type'), 'video/mp4')
    const bytes = Buffer.from(await file.arrayBuffer())
    assert.equal(bytes.subarray(4, 8).toString('latin1'), 'ftyp')
    const picture = await client.videos.downloadContent(video.id, { variant: 'thumbnail' })
    assert.equal(picture.headers.get('content-type'), 'image/png')
    const png = decode(new Uint8Array(await picture.arrayBuffer()), { checkCrc: true })
    assert.deepEqual([png.width, png.height], [16, 16])
  })

  it('sends our own fields along, as forms do: as texts', async () => {
    const own = { seed: 7, steps: 2, guidance_scale: 2.5, negative_prompt: 'blur' }
    const video = await client.videos.create({ prompt: 'ours', ...own })
    const { seed, steps, guidance_scale, negative_prompt } = video as Video & typeof own
    assert.deepEqual({ seed, steps, guidance_scale, negative_prompt }, own)
  })

  it('lists page by page, and deletes what it lists', async () => {
    const before: string[] = []
    for await (const video of client.videos.list()) before.push(video.id)
    const made: string[] = []
    for (let i = 0; i < 5; i++) made.unshift((await client.videos.create({ prompt: `${i}` })).id)
    const all: string[] = []
    for await (const video of client.videos.list({ limit: 2 })) all.push(video.id)
    assert.deepEqual(all, [...made, ...before])
    const oldest = await client.videos.list({ limit: 2, order: 'asc' })
    assert.deepEqual(
      oldest.data.map(({ id }) => id),
      all.toReversed().slice(0, 2),
    )
    // The cursor is deleted on the way: the next page comes all the same.
    for await (const { id } of client.videos.list({ limit: 2 })) {
      if (!made.includes(id)) continue
      assert.deepEqual(await client.videos.delete(id), {
        id,
        object: 'video.deleted',
        deleted: true,
      })
    }
    const left: string[] = []
    for await (const video of client.videos.list()) left.push(video.id)
    assert.deepEqual(left, before)
    const gone = { status: 404, code: 'video_not_found', param: 'id' }
    await refused(client.videos.retrieve(made[0]!), NotFoundError, gone)
    await refused(client.videos.delete(made[0]!), NotFoundError, gone)
  })

  it('knows the models', async () => {
    const [model, ...others] = (await client.models.list()).data
    assert.deepEqual(others, [])
    assert.equal(model!.owned_by, 'fractal')
    assert.deepEqual(await client.models.retrieve(model!.id), model)
    assert.equal((await client.videos.create({ prompt: 'x', model: model!.id })).model, model!.id)
    const unknown = { status: 404, code: 'model_not_found', param: 'id' }
    await refused(client.models.retrieve('sora-2'), NotFoundError, unknown)
  })

  it('keeps every error’s class, status, code, field and message', async () => {
    const create = (body: object) => client.videos.create(body as { prompt: string })
    const bad = (code: string, param: string | null) => ({ status: 400, code, param })
    const said = await refused(create({ prompt: '' }), BadRequestError, {
      ...bad('invalid_request', 'prompt'),
    })
    assert.match(said, /^400 .*must not be empty/)
    const two = { prompt: 'x', seconds: 'two' }
    await refused(create(two), BadRequestError, bad('invalid_request', 'seconds'))
    const words = { prompt: 'x', steps: 'many' }
    await refused(create(words), BadRequestError, bad('invalid_request', 'steps'))
    const huge = { prompt: 'x', size: '8192x8192' }
    await refused(create(huge), BadRequestError, bad('limit_exceeded', 'size'))
    const slip = { prompt: 'x', sead: 1 }
    await refused(create(slip), BadRequestError, bad('unknown_field', 'sead'))
    const sora = { prompt: 'x', model: 'sora-2' }
    const model = { status: 404, code: 'model_not_found', param: 'model' }
    await refused(create(sora), NotFoundError, model)
  })

  it('hears what is not done here, and what to do instead', async () => {
    const image = await toFile(Buffer.from('no picture'), 'cat.png', { type: 'image/png' })
    const reference = { status: 400, code: 'unsupported_field', param: 'input_reference' }
    const file = client.videos.create({ prompt: 'x', input_reference: image })
    assert.match(await refused(file, BadRequestError, reference), /text only/)
    const url = { prompt: 'x', input_reference: { image_url: 'https://example.com/cat.png' } }
    await refused(client.videos.create(url), BadRequestError, reference)
    const nothing = { status: 404, code: 'unsupported_operation', param: null }
    const id = 'video_000000000000000000000000'
    await refused(client.videos.remix(id, { prompt: 'x' }), NotFoundError, nothing)
    await refused(client.videos.edit({ prompt: 'x', video: { id } }), NotFoundError, nothing)
    const sheet = client.videos.downloadContent(id, { variant: 'spritesheet' })
    const variant = { status: 400, code: 'invalid_request', param: 'variant' }
    assert.match(await refused(sheet, BadRequestError, variant), /spritesheets/)
  })

  it('cannot download what is not finished', async () => {
    const held = grid().provers.map(({ generator }) => generator.hold())
    const video = await client.videos.create({ prompt: 'slow' })
    const early = { status: 409, code: 'video_not_ready', param: null }
    await refused(client.videos.downloadContent(video.id), ConflictError, early)
    await client.post(`/videos/${video.id}/cancel`)
    for (const each of held) each.release()
  })

  it('is refused with another key', async () => {
    for (const apiKey of ['sk-something', `fk_${'A'.repeat(43)}`]) {
      const stranger = new OpenAI({ apiKey, baseURL: `${grid().url}/v1`, maxRetries: 0 })
      const asked = stranger.videos.create({ prompt: 'x' })
      const key = { status: 401, code: 'invalid_api_key', param: null }
      await refused(asked, AuthenticationError, key)
    }
  })
})
