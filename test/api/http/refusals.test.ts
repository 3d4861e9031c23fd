import assert from 'node:assert/strict'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { awayTemporal, type Problem, startApi, type TestApi } from '../server.js'

const SECRET = 'a wish of mine'
const MISSING = 'video_000000000000000000000000'
const JSON_TYPE = { 'Content-Type': 'application/json' }
const SEED = 'it must be a whole number from 0 to 4294967295.'
const STEPS = 'it must be a whole number from 1 to 1000.'
const SECONDS = 'it must be a number of seconds above 0, for example 2 or "2.5".'
const LIMIT = 'it must be a whole number from 1 to 100.'
const CREATE = 'To create a video use POST /v1/videos; /openapi.json lists all endpoints.'

/** What a body of a request for a video is answered with: the field, the message. */
const FIELDS: [body: object | string, param: string | null, detail: string][] = [
  [{ seconds: 15 }, 'seconds', 'seconds is 15: it must be at most 8 at 8 fps.'],
  [{ seconds: '2', fps: 120 }, 'seconds', 'seconds is 2: it must be at most 0.533 at 120 fps.'],
  [{ seconds: 'two' }, 'seconds', `seconds is "two": ${SECONDS}`],
  [{ seconds: 3600 }, 'seconds', 'seconds is 3600: it must be at most 8 at 8 fps.'],
  [{ seconds: '0.00' }, 'seconds', `seconds is "0.00": ${SECONDS}`],
  [{ seconds: '-1' }, 'seconds', `seconds is "-1": ${SECONDS}`],
  [{ seconds: 0 }, 'seconds', `seconds is 0: ${SECONDS}`],
  [{ seconds: [2] }, 'seconds', `seconds is a list: ${SECONDS}`],
  [
    { seconds: 2, num_frames: 5 },
    'num_frames',
    'seconds is 2 and num_frames is 5: at 8 fps these seconds are 16 frames.',
  ],
  [{ num_frames: 65 }, 'num_frames', 'num_frames is 65: it must be at most 64.'],
  [{ num_frames: 0 }, 'num_frames', 'num_frames is 0: it must be a whole number from 1 to 64.'],
  ['{"prompt":"x","seed":12345678901234567890}', 'seed', `seed is about 1.235e+19: ${SEED}`],
  [{ seed: 4294967296 }, 'seed', `seed is 4294967296: ${SEED}`],
  [{ seed: -5 }, 'seed', `seed is -5: ${SEED}`],
  [{ seed: 1.5 }, 'seed', `seed is 1.5: ${SEED}`],
  [{ seed: '7' }, 'seed', `seed is "7": ${SEED}`],
  [{ seed: true }, 'seed', `seed is true: ${SEED}`],
  [{ steps: 0 }, 'steps', `steps is 0: ${STEPS}`],
  ['{"prompt":"x","steps":1e300}', 'steps', `steps is about 1.000e+300: ${STEPS}`],
  [{ steps: 1001 }, 'steps', 'steps is 1001: it must be at most 1000.'],
  [
    { steps: 49 },
    'steps',
    'steps 49 is too much: steps × frames × width × height is 3211264, and may be at most 3145728.',
  ],
  [
    { seconds: 3, size: '128x128' },
    'seconds',
    'size "128x128" and seconds 3 are too much: frames × width × height is 393216, and may be at most 262144.',
  ],
  [
    { num_frames: 17, size: '128x128' },
    'num_frames',
    'size "128x128" and num_frames 17 are too much: frames × width × height is 278528, and may be at most 262144.',
  ],
  [{ fps: 121 }, 'fps', 'fps is 121: it must be at most 120.'],
  [
    { size: 'large' },
    'size',
    'size is "large": it must be WIDTHxHEIGHT in pixels, for example "64x64".',
  ],
  [{ size: 64 }, 'size', 'size is 64: it must be WIDTHxHEIGHT in pixels, for example "64x64".'],
  [{ size: '64x63' }, 'size', 'size is "64x63": it must have a height that is a multiple of 8.'],
  [{ size: '136x8' }, 'size', 'size is "136x8": it must have a width of at most 128.'],
  [
    { guidance_scale: 1.2345 },
    'guidance_scale',
    'guidance_scale is 1.2345: it must have at most three decimals.',
  ],
  [
    { guidance_scale: -1 },
    'guidance_scale',
    'guidance_scale is -1: it must be a number from 0 to 100.',
  ],
  [{ guidance_scale: 101 }, 'guidance_scale', 'guidance_scale is 101: it must be at most 100.'],
  [{ model: 'sora-2' }, 'model', 'model is "sora-2": it must be one that is served here.'],
  [{ model: '' }, 'model', 'model is "": it must be the name of a model, 1 to 128 characters.'],
  [{ stream: 'yes' }, 'stream', 'stream is "yes": it must be true or false.'],
  [{ duration: 5 }, 'duration', 'duration is not supported: unknown name.'],
  [{ sead: 1 }, 'sead', 'The body has an unknown field: "sead".'],
  [
    { size: `${'x'.repeat(100)}\u001b[2J` },
    'size',
    `size is "${'x'.repeat(40)}…": it must be WIDTHxHEIGHT in pixels, for example "64x64".`,
  ],
  [
    { size: '\u001b[2J\u202e' },
    'size',
    'size is "�[2J�": it must be WIDTHxHEIGHT in pixels, for example "64x64".',
  ],
  // What is the caller's own is never repeated.
  [{ prompt: undefined }, 'prompt', 'prompt is missing: it must be a string.'],
  [{ prompt: null }, 'prompt', 'prompt is null: it must be a string.'],
  [{ prompt: [SECRET] }, 'prompt', 'prompt is a list: it must be a string.'],
  [
    { prompt: '  ' },
    'prompt',
    'prompt is a string of 2 characters: it must not be empty or blank.',
  ],
  [
    { negative_prompt: `${SECRET}\u0007` },
    'negative_prompt',
    'negative_prompt is a string of 15 characters: it must not contain control characters other than tab, newline and carriage return.',
  ],
  [JSON.stringify(SECRET), null, 'The body is a string: it must be an object.'],
  [`["${SECRET}"]`, null, 'The body is a list: it must be an object.'],
  [`{"prompt":"${SECRET}" "x"}`, null, 'The body is not valid JSON: syntax error at character 27.'],
  [
    `{"negative_prompt":"${SECRET}","prompt":`,
    null,
    'The body is not valid JSON: it is truncated.',
  ],
]

describe('what is refused', () => {
  const database = useDatabase()
  const temporal = awayTemporal()
  let server: TestApi
  before(async () => {
    server = await startApi({ db: database().db, temporal, verifierId: newVerifier() })
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
  })

  async function refused(path: string, init?: RequestInit): Promise<Problem> {
    const res = await server.fetch(path, init)
    const text = await res.text()
    assert.ok(res.status >= 400 && res.status < 500, `${res.status} ${text}`)
    assert.ok(!text.includes(SECRET), text)
    const problem = JSON.parse(text) as Problem
    const says = problem.hint !== undefined || problem.detail.includes(': it must')
    assert.ok(says, `says what to do: ${text}`)
    return problem
  }

  for (const [body, param, detail] of FIELDS) {
    it(`as a body: ${detail}`, async () => {
      const sent = typeof body === 'string' ? body : JSON.stringify({ prompt: 'x', ...body })
      const problem = await refused('/v1/videos', {
        method: 'POST',
        headers: JSON_TYPE,
        body: sent,
      })
      assert.deepEqual([problem.detail, problem.error.param], [detail, param])
    })
  }

  it('as a form, by the digits that were sent', async () => {
    const body = new FormData()
    body.append('prompt', SECRET)
    body.append('seed', '12345678901234567890')
    const { detail } = await refused('/v1/videos', { method: 'POST', body })
    assert.equal(detail, `seed is "12345678901234567890": ${SEED}`)
  })

  it('as a webhook, without its address', async () => {
    const create = (body: object) =>
      refused('/v1/webhooks', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) })
    const url = `https://localhost/${SECRET.replaceAll(' ', '-')}`
    const own = await create({ url })
    assert.equal(
      own.detail,
      `url is a string of ${url.length} characters: it must have a public host: others cannot be called.`,
    )
    assert.ok(!own.detail.includes('wish'))
    const events = await create({ url: 'https://example.com', events: ['video.done'] })
    assert.deepEqual(
      [events.detail, events.error.param],
      ['events[0] is "video.done": it must be video.completed or video.failed.', 'events[0]'],
    )
    const none = await create({ url: 'https://example.com', events: [] })
    assert.equal(
      none.detail,
      'events is a list: it must be a list of video.completed, of video.failed, or of both.',
    )
    assert.equal(
      (await create({})).detail,
      'url is missing: it must be a URL of 1 to 2048 characters.',
    )
  })

  it('in queries and addresses', async () => {
    const cases: [path: string, param: string | null, detail: string][] = [
      ['/v1/videos?limit=0', 'limit', `limit is "0": ${LIMIT}`],
      ['/v1/videos?limit=101', 'limit', `limit is "101": ${LIMIT}`],
      ['/v1/videos?limit=1&limit=2', 'limit', `limit is a list: ${LIMIT}`],
      ['/v1/videos?order=up', 'order', 'order is "up": it must be asc or desc.'],
      [
        '/v1/videos?after=x',
        'after',
        'after is "x": it must be the id of a video: video_ and 24 hexadecimal digits.',
      ],
      [
        `/v1/videos?after=${MISSING}`,
        'after',
        `after is "${MISSING}": it must be the id of a video of this API key.`,
      ],
      ['/v1/videos?limt=5', 'limt', 'The query has an unknown field: "limt".'],
      ['/v1/videos/x', 'id', 'This API key has no video "x".'],
      [`/v1/videos/${MISSING}`, 'id', `This API key has no video "${MISSING}".`],
      [
        `/v1/videos/${MISSING}/content?variant=gif`,
        'variant',
        'variant is "gif": it must be video or thumbnail; spritesheets are not supported.',
      ],
      [
        `/v1/videos/${MISSING}/frames/1?format=gif`,
        'format',
        'format is "gif": it must be png or rgb.',
      ],
      [
        `/v1/videos/${MISSING}/events?frames=some`,
        'frames',
        'frames is "some": it must be all or none.',
      ],
      ['/v1/models/sora-2', 'id', 'There is no model "sora-2".'],
      ['/v1/webhooks/whk_1', 'id', 'This API key has no webhook "whk_1".'],
      ['/v1/network/intervals?limit=300', 'limit', `limit is "300": ${LIMIT}`],
      ['/v1/network/intervals/0', 'n', 'There is no interval "0".'],
      ['/v1/network/intervals/7', 'n', 'There is no interval 7.'],
      ['/v1/network/intervals/7/record', 'n', 'There is no interval 7.'],
      [
        '/v1/network/intervals/7?verdicts_after=x',
        'verdicts_after',
        'verdicts_after is "x": it must be a value of verdicts_next.',
      ],
      ['/v1/network/provers/5F', 'hotkey', 'There is no prover with the hotkey "5F".'],
      ['/v1/video', null, 'There is nothing at GET /v1/video.'],
      [
        '/v1/videos/%zz',
        null,
        'The address /v1/videos/%zz has a % that is not part of a valid escape.',
      ],
    ]
    for (const [path, param, detail] of cases) {
      const problem = await refused(path)
      assert.deepEqual([problem.detail, problem.error.param], [detail, param])
    }
  })

  it('by the method and the address that were asked for', async () => {
    const post = (path: string) => refused(path, { method: 'POST' })
    const foreign = await post('/v1/videos/generations')
    assert.deepEqual(
      [foreign.code, foreign.detail, foreign.hint],
      ['not_found', 'There is nothing at POST /v1/videos/generations.', CREATE],
    )
    const known = await post(`/v1/videos/${MISSING}`)
    assert.deepEqual(
      [known.code, known.detail],
      ['method_not_allowed', `/v1/videos/${MISSING} does not take POST: it takes GET and DELETE.`],
    )
    const remix = await post(`/v1/videos/${MISSING}/remix`)
    assert.match(remix.detail, new RegExp(`^POST /v1/videos/${MISSING}/remix is not there: `))
  })

  it('by its headers', async () => {
    const post = (headers: Record<string, string>, body = '{"prompt":"x"}') =>
      refused('/v1/videos', { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body })
    const type = await post({ 'Content-Type': 'text/csv' })
    assert.equal(
      type.detail,
      'The body is "text/csv": this address takes application/json or multipart/form-data.',
    )
    const charset = await post({ 'Content-Type': 'application/json; charset=latin1' })
    assert.equal(charset.detail, 'The body is in the charset "latin1": it must be in UTF-8.')
    const zip = await post({ 'Content-Encoding': 'zip' })
    assert.equal(zip.detail, 'The body has the Content-Encoding "zip", which is not supported.')
    const gzip = await post({ 'Content-Encoding': 'gzip' })
    assert.equal(gzip.detail, 'The body is not what its Content-Encoding says: "gzip".')
    const large = await post({}, JSON.stringify({ prompt: 'x'.repeat(600_000) }))
    assert.equal(large.detail, 'The body has 600013 bytes: it may have at most 524288.')
    const key = await post({ 'Idempotency-Key': 'two words' })
    assert.equal(
      key.detail,
      'Idempotency-Key is "two words": it must be 1 to 255 visible ASCII characters, bare or in double quotes, once.',
    )
  })
})
