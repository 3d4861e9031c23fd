import assert from 'node:assert/strict'
import type { Video } from '../../../api/videos/object.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { completeJob, getJob, setProgress } from '../../../ledger/requests/jobs.js'
import { INFERENCE_QUEUE } from '../../../temporal/task-queues.js'
import { videoWorkflowId } from '../../../temporal/workflow-ids.js'
import {
  attempt,
  newJob,
  newVerifier,
  openInterval,
  putContent,
  success,
} from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { useTemporal } from '../../support/temporal.js'
import { until } from '../../support/until.js'
import { newKey } from '../auth/new-key.js'
import { DRAWN_SEED, type Problem, post, startApi, type TestApi } from '../server.js'

describe('/v1/videos', () => {
  const database = useDatabase()
  const temporal = useTemporal()
  const id = newVerifier()
  let server: TestApi
  before(async () => {
    server = await startApi({ db: database().db, temporal: temporal().client, verifierId: id })
  })
  after(() => server?.close())

  const videos = () => `${server.url}/v1/videos`
  const create = async (body: unknown): Promise<Video> => {
    const res = await post(videos(), body)
    const text = await res.text()
    assert.equal(res.status, 200, text)
    return JSON.parse(text)
  }
  const refused = async (res: Response, status: number, code: string): Promise<Problem> => {
    assert.equal(res.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    const problem = (await res.json()) as Problem
    assert.equal(problem.code, code, JSON.stringify(problem))
    assert.equal(res.status, status)
    assert.equal(problem.status, status)
    assert.equal(problem.error.code, code)
    assert.ok(problem.title && problem.detail && problem.error.message && problem.error.type)
    return problem
  }
  const noted = (path: string, init?: RequestInit) => server.fetch(path, init)

  it('is stored in one statement where nothing is looked up or counted first', async () => {
    const tx = () => Promise.reject(new Error('a transaction'))
    const db = { ...database().db, tx }
    const api = await startApi({ db, temporal: temporal().client, verifierId: id })
    const create = (body: object) => {
      const headers = { 'Content-Type': 'application/json' }
      return api.fetch('/v1/videos', { method: 'POST', headers, body: JSON.stringify(body) })
    }
    try {
      assert.equal((await create({ prompt: 'x' })).status, 200)
      assert.equal((await create({ prompt: 'x', seed: 1 })).status, 500)
    } finally {
      await api.close()
    }
  })

  it('takes a prompt, fills in the model’s standards and draws the seed', async () => {
    const res = await post(videos(), { prompt: 'a red ball rolls' })
    assert.equal(res.status, 200)
    const video = (await res.json()) as Video
    assert.equal(res.headers.get('location'), `/v1/videos/${video.id}`)
    assert.equal(res.headers.get('openai-poll-after-ms'), '500')
    const { id: jobId, created_at, ...rest } = video
    assert.match(jobId, /^video_[0-9a-f]{24}$/)
    assert.ok(Math.abs(created_at! - Date.now() / 1000) < 60)
    assert.deepEqual(rest, {
      object: 'video',
      status: 'queued',
      progress: 0,
      queue_position: null,
      model: 'fractal-shapes-1',
      prompt: 'a red ball rolls',
      seconds: '2',
      size: '64x64',
      completed_at: null,
      expires_at: null,
      remixed_from_video_id: null,
      error: null,
      seed: DRAWN_SEED,
      negative_prompt: '',
      steps: 12,
      guidance_scale: 3,
      num_frames: 16,
      fps: 8,
      counted: true,
      cancel_requested: false,
      warnings: [],
      prover: null,
    })
    assert.deepEqual(await (await noted(`/v1/videos/${jobId}`)).json(), video)
  })

  it('starts the workflow with the job’s id and nothing else', async () => {
    const video = await create({ prompt: 'a secret of mine' })
    await until('the workflow’s start', async () => {
      return (await getJob(database().db, video.id))?.workflowStartedAt
    })
    const handle = temporal().client.workflow.getHandle(videoWorkflowId(video.id))
    const described = await handle.describe()
    assert.equal(described.type, 'generateVideo')
    assert.equal(described.taskQueue, INFERENCE_QUEUE)
    const history = JSON.stringify(await handle.fetchHistory())
    const encoded = Buffer.from(JSON.stringify({ jobId: video.id })).toString('base64')
    assert.ok(history.includes(encoded) || history.includes(video.id), 'input has the job’s id')
    assert.ok(!history.includes('secret of mine'))
  })

  it('takes every field, OpenAI’s and ours', async () => {
    const video = await create({
      prompt: '🦊'.repeat(3),
      model: 'fractal-shapes-1',
      seconds: '1.5',
      size: '128x64',
      seed: 4294967295,
      negative_prompt: 'blur',
      steps: 20,
      guidance_scale: 7.125,
      fps: 10,
      num_frames: 15,
    })
    assert.equal(video.prompt, '🦊🦊🦊')
    assert.equal(video.seconds, '1.5')
    assert.equal(video.size, '128x64')
    assert.equal(video.seed, 4294967295)
    assert.equal(video.guidance_scale, 7.125)
    assert.equal(video.num_frames, 15)
    assert.equal(video.counted, false, 'a client’s seed does not count')
    const job = await getJob(database().db, video.id)
    assert.equal(job?.negativePrompt, 'blur')
    assert.equal(job?.guidanceMilli, 7125)
  })

  it('takes null for what was not given, as serializers write it', async () => {
    const ours = ['model', 'seconds', 'size', 'seed', 'negative_prompt', 'steps', 'guidance_scale']
    const names = [...ours, 'fps', 'num_frames', 'stream', 'input_reference', 'quality', 'n']
    const nulls = Object.fromEntries(names.map((name) => [name, null]))
    const { id: one, created_at: _, ...given } = await create({ prompt: 'nothing else', ...nulls })
    const { id: two, created_at: __, ...left } = await create({ prompt: 'nothing else' })
    assert.notEqual(one, two)
    assert.deepEqual(given, left)
    const headers = { 'Idempotency-Key': 'null-and-none' }
    const first = await post(videos(), { prompt: 'x', steps: null }, headers)
    const again = await post(videos(), { prompt: 'x' }, headers)
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.equal(((await again.json()) as Video).id, ((await first.json()) as Video).id)
    await refused(await post(videos(), { prompt: null }), 400, 'invalid_request')
    await refused(await post(videos(), { prompt: 'x', sead: null }), 400, 'unknown_field')
  })

  it('counts only what has the standard steps, frames and pixels', async () => {
    assert.equal((await create({ prompt: 'x', steps: 13 })).counted, true)
    assert.equal((await create({ prompt: 'x', steps: 11 })).counted, false)
    assert.equal((await create({ prompt: 'x', num_frames: 15 })).counted, false)
    assert.equal((await create({ prompt: 'x', size: '56x64' })).counted, false)
  })

  it('answers a repeated request with the client’s own seed from the store', async () => {
    const wanted = { prompt: 'the same twice', seed: 77, steps: 3 }
    const first = await create(wanted)
    assert.equal((await create(wanted)).id, first.id)
    assert.notEqual((await create({ ...wanted, seed: 78 })).id, first.id)
    assert.notEqual((await create({ ...wanted, steps: 4 })).id, first.id)
    assert.notEqual((await create({ ...wanted, prompt: 'another' })).id, first.id)
    // Nobody else's, none that was cancelled, and none whose seed the gateway is to draw.
    await post(`${videos()}/${first.id}/cancel`, {})
    assert.notEqual((await create(wanted)).id, first.id)
    const drawn = { prompt: 'drawn twice' }
    assert.notEqual((await create(drawn)).id, (await create(drawn)).id)
  })

  it('takes what is within the limits to the last pixel', async () => {
    for (const most of [
      { size: '128x128', steps: 12 },
      { size: '128x64', num_frames: 32 },
      { size: '8x128', num_frames: 64 },
      { num_frames: 64 },
      { steps: 48 },
    ]) {
      assert.equal((await create({ prompt: 'x', ...most })).status, 'queued', JSON.stringify(most))
    }
  })

  it('lays out a prompt as it came', async () => {
    const prompt = 'a\tred\r\nball\u007f\u0085'
    assert.equal((await create({ prompt })).prompt, prompt)
  })

  it('ends a page of long prompts early, and has the rest on the next', async () => {
    const { db } = database()
    const key = await newKey(db)
    const headers = { Authorization: `Bearer ${key.secret}` }
    const long = { apiKeyId: key.id, prompt: 'x'.repeat(102_400) }
    await Promise.all(Array.from({ length: 12 }, () => newJob(db, id, long)))
    const page = async (after: string) => {
      const res = await noted(`/v1/videos?limit=100${after}`, { headers })
      return (await res.json()) as { data: Video[]; last_id: string; has_more: boolean }
    }
    const first = await page('')
    assert.deepEqual([first.data.length, first.has_more], [10, true])
    const rest = await page(`&after=${first.last_id}`)
    assert.deepEqual([rest.data.length, rest.has_more], [2, false])
    assert.equal(new Set([...first.data, ...rest.data].map((video) => video.id)).size, 12)
  })

  it('keeps SQL and HTML in a prompt as the text it is', async () => {
    const prompt = `'); DROP TABLE jobs; -- <script>alert(1)</script> \${7*7} \\u0000`
    const video = await create({ prompt, seconds: 2 })
    assert.equal(video.prompt, prompt)
    assert.notEqual(await getJob(database().db, video.id), null)
  })

  it('takes the longest prompt', async () => {
    const prompt = 'ä'.repeat(51_200)
    assert.equal((await create({ prompt })).prompt, prompt)
  })

  const BAD: [what: string, body: unknown, code: string, param: string | null][] = [
    ['no prompt', {}, 'invalid_request', 'prompt'],
    ['an empty prompt', { prompt: '' }, 'invalid_request', 'prompt'],
    ['a blank prompt', { prompt: ' \n\t ' }, 'invalid_request', 'prompt'],
    ['a prompt of 100 kB and one', { prompt: 'x'.repeat(102_401) }, 'invalid_request', 'prompt'],
    ['half an emoji', '{"prompt":"\\ud83d"}', 'invalid_request', 'prompt'],
    ['a NUL', '{"prompt":"a\\u0000b"}', 'invalid_request', 'prompt'],
    ['an escape sequence', '{"prompt":"a\\u001b[2Jb"}', 'invalid_request', 'prompt'],
    [
      'a control character among what not to show',
      '{"prompt":"x","negative_prompt":"\\u001f"}',
      'invalid_request',
      'negative_prompt',
    ],
    ['a list as prompt', { prompt: ['x'] }, 'invalid_request', 'prompt'],
    ['an unknown field', { prompt: 'x', sead: 1 }, 'unknown_field', 'sead'],
    ['__proto__', '{"prompt":"x","__proto__":{"seed":1}}', 'unknown_field', '__proto__'],
    ['a negative seed', { prompt: 'x', seed: -5 }, 'invalid_request', 'seed'],
    ['a fractional seed', { prompt: 'x', seed: 1.5 }, 'invalid_request', 'seed'],
    ['a seed of 2^32', { prompt: 'x', seed: 4294967296 }, 'invalid_request', 'seed'],
    ['a seed as text', { prompt: 'x', seed: '5' }, 'invalid_request', 'seed'],
    ['a size of words', { prompt: 'x', size: 'large' }, 'invalid_request', 'size'],
    ['a size of zero', { prompt: 'x', size: '0x64' }, 'invalid_request', 'size'],
    ['a size that is no multiple', { prompt: 'x', size: '63x64' }, 'invalid_request', 'size'],
    ['a huge size', { prompt: 'x', size: '99992x64' }, 'limit_exceeded', 'size'],
    ['a million frames', { prompt: 'x', num_frames: 1_000_000 }, 'limit_exceeded', 'num_frames'],
    ['an hour', { prompt: 'x', seconds: 3600 }, 'limit_exceeded', 'seconds'],
    ['seconds of words', { prompt: 'x', seconds: 'two' }, 'invalid_request', 'seconds'],
    ['no seconds', { prompt: 'x', seconds: 0 }, 'invalid_request', 'seconds'],
    ['endless seconds', '{"prompt":"x","seconds":1e999}', 'invalid_request', 'seconds'],
    [
      'a contradiction',
      { prompt: 'x', seconds: 2, num_frames: 5 },
      'invalid_request',
      'num_frames',
    ],
    ['a side of 136', { prompt: 'x', size: '136x8' }, 'limit_exceeded', 'size'],
    [
      'what no prover has the memory for',
      { prompt: 'x', size: '512x512' },
      'limit_exceeded',
      'size',
    ],
    ['65 frames', { prompt: 'x', num_frames: 65 }, 'limit_exceeded', 'num_frames'],
    [
      'large and long',
      { prompt: 'x', size: '128x128', num_frames: 17 },
      'limit_exceeded',
      'num_frames',
    ],
    ['too much work', { prompt: 'x', size: '128x128', steps: 13 }, 'limit_exceeded', 'steps'],
    ['zero steps', { prompt: 'x', steps: 0 }, 'invalid_request', 'steps'],
    ['four decimals', { prompt: 'x', guidance_scale: 1.2345 }, 'invalid_request', 'guidance_scale'],
    ['guidance 1000', { prompt: 'x', guidance_scale: 1000 }, 'limit_exceeded', 'guidance_scale'],
    ['an unknown model', { prompt: 'x', model: 'sora-2' }, 'model_not_found', 'model'],
    ['null', 'null', 'invalid_request', null],
    ['a list', '[1]', 'invalid_request', null],
    ['a number', '5', 'invalid_request', null],
    ['no JSON', '{"prompt": ', 'invalid_json', null],
    ['deep JSON', `{"prompt":${'['.repeat(200_000)}`, 'invalid_json', null],
    [
      'deep but sound JSON',
      `{"prompt":${'['.repeat(9e4)}${']'.repeat(9e4)}}`,
      'invalid_request',
      'prompt',
    ],
  ]
  for (const [what, body, code, param] of BAD) {
    it(`refuses ${what}`, async () => {
      const status = code === 'model_not_found' ? 404 : 400
      const problem = await refused(await post(videos(), body), status, code)
      assert.equal(problem.error.param, param)
      assert.ok(problem.detail.length < 300, 'does not repeat what was sent')
    })
  }

  it('refuses a body that is too large', async () => {
    await refused(await post(videos(), { prompt: 'x'.repeat(600_000) }), 413, 'body_too_large')
  })

  it('refuses other content types, charsets and encodings', async () => {
    const body = '{"prompt":"x"}'
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const res = await post(videos(), body, { 'Content-Type': type })
      await refused(res, 415, 'unsupported_media_type')
      assert.equal(res.headers.get('accept-post'), 'application/json, multipart/form-data')
    }
    const latin = { 'Content-Type': 'application/json; charset=latin1' }
    await refused(await post(videos(), body, latin), 415, 'unsupported_media_type')
    const zip = { 'Content-Encoding': 'zip' }
    await refused(await post(videos(), body, zip), 415, 'unsupported_media_type')
    const notGzip = { 'Content-Encoding': 'gzip' }
    await refused(await post(videos(), body, notGzip), 400, 'invalid_request')
    await refused(await noted('/v1/videos', { method: 'POST' }), 400, 'invalid_request')
  })

  it('says which methods an address takes', async () => {
    for (const [path, method, allow] of [
      ['/v1/videos', 'DELETE', 'OPTIONS, HEAD, POST, GET'],
      ['/v1/videos/video_000000000000000000000000', 'PUT', 'OPTIONS, HEAD, GET, DELETE'],
      ['/v1/videos/video_000000000000000000000000/cancel', 'GET', 'OPTIONS, POST'],
      ['/metrics', 'POST', 'OPTIONS, HEAD, GET'],
    ] as const) {
      const res = await noted(path, { method })
      assert.equal(res.headers.get('allow'), allow)
      await refused(res, 405, 'method_not_allowed')
    }
    const res = await noted('/v1/videos', { method: 'OPTIONS' })
    assert.deepEqual([res.status, res.headers.get('allow')], [204, 'OPTIONS, HEAD, POST, GET'])
  })

  it('knows no other ids and addresses', async () => {
    for (const unknown of ['video_000000000000000000000000', 'x', "video_'--", '..%2f..%2fetc']) {
      await refused(await noted(`/v1/videos/${unknown}`), 404, 'video_not_found')
      await refused(await noted(`/v1/videos/${unknown}/content`), 404, 'video_not_found')
    }
    await refused(await noted('/v1/nothing'), 404, 'not_found')
    await refused(await noted('/v1/videos/%'), 400, 'invalid_request')
  })

  it('keeps another key’s video unknown', async () => {
    const job = await newJob(database().db, id, { apiKeyId: 'somebody' })
    await refused(await noted(`/v1/videos/${job.id}`), 404, 'video_not_found')
    const cancel = await noted(`/v1/videos/${job.id}/cancel`, { method: 'POST' })
    await refused(cancel, 404, 'video_not_found')
    assert.equal((await getJob(database().db, job.id))?.cancelRequestedAt, null)
  })

  it('cancels once, whatever the state, and says so', async () => {
    const video = await create({ prompt: 'x' })
    const cancel = async () => {
      const res = await noted(`/v1/videos/${video.id}/cancel`, { method: 'POST' })
      assert.equal(res.status, 200)
      return (await res.json()) as Video
    }
    // No prover is at it: it ends at once.
    const first = await cancel()
    assert.deepEqual([first.status, first.cancel_requested], ['failed', true])
    assert.equal(first.error?.code, 'cancelled')
    assert.deepEqual(await cancel(), first)
    const content = await noted(`/v1/videos/${video.id}/content`)
    await refused(content, 410, 'video_failed')
  })

  describe('content', () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256))
    let jobId: string
    const content = (headers: Record<string, string> = {}, method = 'GET') =>
      noted(`/v1/videos/${jobId}/content`, { method, headers })

    it('is not there before completion', async () => {
      const { db } = database()
      await openInterval(db, id, 1)
      const job = await newJob(db, id)
      jobId = job.id
      const queued = await content()
      assert.equal(queued.headers.get('retry-after'), '1')
      await refused(queued, 409, 'video_not_ready')
      await setProgress(db, jobId, 40)
      const [asked] = await startAttempts(db, id, [attempt(1, { inferenceId: job.inferenceId })])
      const { requestId } = asked!
      await recordOutcomes(db, id, [success(requestId)])
      await putContent(db, jobId, 'video', { mime: 'video/mp4', bytes, sha256: 'ab'.repeat(32) })
      await refused(await content(), 409, 'video_not_ready')
      const end = { winningRequestId: requestId, warnings: ['prompt_truncated'], keptMs: null }
      assert.ok(await completeJob(db, jobId, end))
    })

    it('completes with its prover and its warnings', async () => {
      const video = (await (await noted(`/v1/videos/${jobId}`)).json()) as Video
      assert.deepEqual([video.status, video.progress], ['completed', 100])
      assert.equal(video.prover, 'prover-1')
      assert.deepEqual(video.warnings, ['prompt_truncated'])
      assert.notEqual(video.completed_at, null)
    })

    it('is sent whole, to be shown and kept', async () => {
      const res = await content()
      assert.equal(res.status, 200)
      assert.equal(res.headers.get('content-type'), 'video/mp4')
      assert.equal(res.headers.get('content-length'), '1000')
      assert.equal(res.headers.get('accept-ranges'), 'bytes')
      assert.equal(res.headers.get('etag'), `"${'ab'.repeat(32)}"`)
      assert.equal(res.headers.get('x-content-type-options'), 'nosniff')
      assert.equal(res.headers.get('cache-control'), 'private, max-age=3600, no-transform')
      assert.equal(res.headers.get('content-disposition'), `inline; filename="${jobId}.mp4"`)
      assert.deepEqual(Buffer.from(await res.arrayBuffer()), bytes)
      const head = await content({}, 'HEAD')
      assert.deepEqual([head.status, head.headers.get('content-length')], [200, '1000'])
      assert.equal((await head.arrayBuffer()).byteLength, 0)
    })

    it('is sent in parts', async () => {
      for (const [range, expected, from] of [
        ['bytes=0-99', 'bytes 0-99/1000', 0],
        ['bytes=990-', 'bytes 990-999/1000', 990],
        ['bytes=-10', 'bytes 990-999/1000', 990],
        ['bytes=900-5000', 'bytes 900-999/1000', 900],
      ] as const) {
        const res = await content({ Range: range })
        assert.equal(res.status, 206, range)
        assert.equal(res.headers.get('content-range'), expected)
        const part = Buffer.from(await res.arrayBuffer())
        assert.deepEqual(part, bytes.subarray(from, from + part.length))
        assert.equal(Number(res.headers.get('content-length')), part.length)
      }
    })

    it('is sent whole when the range makes no sense here', async () => {
      const cases: Record<string, string>[] = [
        { Range: 'lines=1-2' },
        { Range: 'bytes=a-b' },
        { Range: 'bytes=0-1,5-6' },
        { Range: 'bytes=0-1', 'If-Range': '"other"' },
      ]
      for (const headers of cases) {
        const res = await content(headers)
        assert.equal(res.status, 200, JSON.stringify(headers))
        assert.equal((await res.arrayBuffer()).byteLength, 1000)
      }
      const res = await content({ Range: 'bytes=1000-' })
      assert.equal(res.headers.get('content-range'), 'bytes */1000')
      await refused(res, 416, 'range_not_satisfiable')
    })

    it('is not sent again to who has it', async () => {
      const res = await content({ 'If-None-Match': `"${'ab'.repeat(32)}"` })
      assert.equal(res.status, 304)
      assert.equal((await res.arrayBuffer()).byteLength, 0)
    })

    it('has one variant', async () => {
      const other = await noted(`/v1/videos/${jobId}/content?variant=spritesheet`)
      await refused(other, 400, 'invalid_request')
      assert.equal((await noted(`/v1/videos/${jobId}/content?variant=video`)).status, 200)
    })

    it('expires by the database’s clock, whatever this machine’s says', async () => {
      const { db } = database()
      const now = () => Date.now() + 7 * 86_400_000
      const ahead = await startApi({ db, temporal: temporal().client, verifierId: id, now })
      try {
        assert.equal((await ahead.fetch(`/v1/videos/${jobId}/content`)).status, 200)
      } finally {
        await ahead.close()
      }
      const job = await newJob(db, id)
      const end = { winningRequestId: job.inferenceId, warnings: [], keptMs: -1000 }
      assert.ok(await completeJob(db, job.id, end))
      await refused(await noted(`/v1/videos/${job.id}/content`), 410, 'video_expired')
    })
  })
})
