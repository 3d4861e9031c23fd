import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import type { Video } from '../../../api/videos/object.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { until } from '../../support/until.js'
import { awayTemporal, type Problem, startApi, TEST_KEY, type TestApi } from '../server.js'

describe('bodies of requests for videos', () => {
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

  const send = (body: FormData | string, headers: Record<string, string> = {}) =>
    server.fetch('/v1/videos', { method: 'POST', body, headers })
  const form = (fields: Record<string, string | Blob>) => {
    const data = new FormData()
    for (const [name, value] of Object.entries(fields)) data.append(name, value)
    return data
  }
  const refused = async (answer: Response, status: number, code: string, param: string | null) => {
    const problem = (await answer.json()) as Problem
    assert.deepEqual([answer.status, problem.code, problem.error.param], [status, code, param])
    return problem
  }

  it('a form says the same as JSON', async () => {
    const fields = { prompt: 'ä 🦊\r\nline', size: '128x64', seconds: '1.5', fps: 10, seed: 0 }
    const texts = Object.entries({
      ...fields,
      guidance_scale: '7.125',
      steps: '2e1',
      stream: 'false',
    })
    const answer = await send(form(Object.fromEntries(texts.map(([k, v]) => [k, String(v)]))))
    assert.equal(answer.status, 200, await answer.clone().text())
    const video = (await answer.json()) as Video
    assert.equal(video.prompt, fields.prompt)
    assert.deepEqual(
      [video.size, video.seconds, video.num_frames, video.seed, video.guidance_scale, video.steps],
      ['128x64', '1.5', 15, 0, 7.125, 20],
    )
  })

  it('a form of curl, with its own boundary and types of parts', async () => {
    const body =
      '--a b\r\ncontent-disposition: form-data; name="prompt"\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nx\r\n' +
      '--a b\r\nContent-Disposition: form-data; name=steps\r\n\r\n3\r\n--a b--'
    const answer = await send(body, { 'Content-Type': 'multipart/form-data; boundary="a b"' })
    assert.equal(((await answer.json()) as Video).steps, 3)
  })

  it('numbers are texts in forms alone', async () => {
    const json = JSON.stringify({ prompt: 'x', seed: '5' })
    const asJson = await send(json, { 'Content-Type': 'application/json' })
    await refused(asJson, 400, 'invalid_request', 'seed')
    for (const [name, text] of [
      ['seed', ''],
      ['seed', ' 5'],
      ['seed', '0x5'],
      ['seed', '-1'],
      ['steps', '1.5'],
      ['fps', 'Infinity'],
      ['num_frames', '1e400'],
      ['stream', 'yes'],
    ] as const) {
      await refused(await send(form({ prompt: 'x', [name]: text })), 400, 'invalid_request', name)
    }
  })

  it('a form with what is not known, twice, nested, or too much', async () => {
    await refused(await send(form({ prompt: 'x', sead: '1' })), 400, 'unknown_field', 'sead')
    await refused(await send(form({})), 400, 'invalid_request', 'prompt')
    await refused(await send(form({ seed: '1' })), 400, 'invalid_request', 'prompt')
    const twice = form({ prompt: 'x' })
    twice.append('prompt', 'y')
    await refused(await send(twice), 400, 'invalid_request', 'prompt')
    await refused(await send(form({ 'prompt[a]': 'x' })), 400, 'invalid_request', 'prompt')
    await refused(await send(form({ 'a[b][c]': 'x' })), 400, 'unknown_field', 'a[b][c]')
    await refused(
      await send(form({ prompt: 'x', __proto__x: '1' })),
      400,
      'unknown_field',
      '__proto__x',
    )
    const proto = form({ prompt: 'x' })
    proto.append('__proto__', '1')
    await refused(await send(proto), 400, 'unknown_field', '__proto__')
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, 'x']))
    await refused(await send(form(many)), 400, 'invalid_request', null)
    const long = await send(form({ ['n'.repeat(5000)]: 'x' }))
    assert.equal((await refused(long, 400, 'unknown_field', null)).detail.length < 200, true)
  })

  it('a form with a file names what is not done here', async () => {
    const png = new Blob(['no picture'], { type: 'image/png' })
    for (const name of ['input_reference', 'image']) {
      const problem = await refused(
        await send(form({ prompt: 'x', [name]: png })),
        400,
        'unsupported_field',
        name,
      )
      assert.match(problem.detail, /text alone/)
    }
    const large = form({ prompt: 'x', input_reference: new Blob([new Uint8Array(600_000)]) })
    await refused(await send(large), 413, 'body_too_large', null)
  })

  it('OpenAI’s fields that this model has not are named in JSON too', async () => {
    for (const field of ['input_reference', 'quality', 'n', 'remix_video_id']) {
      const body = JSON.stringify({ prompt: 'x', [field]: 1 })
      const answer = await send(body, { 'Content-Type': 'application/json' })
      assert.ok((await refused(answer, 400, 'unsupported_field', field)).hint)
    }
  })

  it('a form that is none', async () => {
    const multipart = (boundary: string) => ({
      'Content-Type': `multipart/form-data${boundary}`,
    })
    const part = '--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx'
    for (const [body, boundary] of [
      [`${part}\r\n--b--`, ''],
      [`${part}\r\n--b--`, '; boundary=other'],
      [part, '; boundary=b'],
      [`--b\r\nno header at all\r\n\r\nx\r\n--b--`, '; boundary=b'],
      ['{"prompt":"x"}', '; boundary=b'],
    ] as const) {
      await refused(await send(body, multipart(boundary)), 400, 'invalid_multipart', null)
    }
    await refused(await send('', multipart('; boundary=b')), 400, 'invalid_multipart', null)
  })

  it('a form that breaks off leaves nothing', async () => {
    const { hostname, port } = new URL(server.url)
    const jobs = () => database().db.query('SELECT 1 FROM jobs')
    const before = (await jobs()).length
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(
      `POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TEST_KEY}\r\n` +
        'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000\r\n\r\n' +
        '--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx',
    )
    await until('the request', async () => (await inFlight()) > 1)
    socket.destroy()
    await until('its end', async () => (await inFlight()) === 1)
    assert.equal((await jobs()).length, before)
  })

  /** The asking one included. */
  const inFlight = async () => {
    const text = await (await server.fetch('/metrics')).text()
    return Number(/^fractal_api_requests_in_flight\{.*\} (\d+)$/m.exec(text)![1])
  }

  it('50 MB are refused before they are read, and the client learns why', async () => {
    for (const type of ['application/json', 'multipart/form-data; boundary=b', 'text/plain']) {
      for (const length of [{ 'Content-Length': 50_000_000 }, {}]) {
        const { status, sent, code } = await flood(type, length)
        const unread = type === 'text/plain'
        assert.equal(status, unread ? 415 : 413)
        assert.equal(code, unread ? 'unsupported_media_type' : 'body_too_large')
        assert.ok(sent < 40_000_000, `${sent} bytes were taken`)
      }
    }
  })

  it('a small refused body leaves the connection to the next request', async () => {
    const { Agent } = await import('node:http')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = () =>
      new Promise<{ status: number; reused: boolean }>((resolve, reject) => {
        const asked = request(
          `${server.url}/v1/videos`,
          { method: 'POST', agent, headers: { 'Content-Type': 'text/plain' } },
          (answer) => {
            answer.resume()
            answer.once('end', () =>
              resolve({ status: answer.statusCode!, reused: asked.reusedSocket }),
            )
          },
        )
        asked.once('error', reject)
        asked.end('x'.repeat(100_000))
      })
    assert.deepEqual(await ask(), { status: 401, reused: false })
    assert.deepEqual(await ask(), { status: 401, reused: true })
    agent.destroy()
  })

  /** Sends on and on, and reads the answer meanwhile. */
  function flood(type: string, length: object) {
    return new Promise<{ status: number; sent: number; code: string }>((resolve, reject) => {
      let sent = 0
      let answered = false
      const headers = { 'Content-Type': type, Authorization: `Bearer ${TEST_KEY}`, ...length }
      const asked = request(`${server.url}/v1/videos`, { method: 'POST', headers, agent: false })
      const chunk = Buffer.alloc(65_536, 'x')
      const more = () => {
        while (sent < 50_000_000 && !asked.destroyed) {
          sent += chunk.length
          if (!asked.write(chunk)) return
        }
      }
      asked.on('drain', more)
      asked.on('error', (error) => answered || reject(error))
      asked.on('response', (answer) => {
        answered = true
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        const { statusCode: status } = answer
        answer.once('end', () => {
          const { code } = JSON.parse(text) as Problem
          // The server cuts the connection: nothing more can be sent.
          asked.once('close', () => resolve({ status: status!, sent, code }))
        })
      })
      more()
    })
  }
})
