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
    const nested = form({ prompt: 'x', 'prompt[a]': 'x' })
    await refused(await send(nested), 400, 'unknown_field', 'prompt[a]')
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
    const problem = await refused(long, 400, 'unknown_field', `${'n'.repeat(64)}…`)
    assert.ok(problem.detail.length < 200)
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
      assert.match(problem.detail, /text only/)
    }
    const large = form({ prompt: 'x', input_reference: new Blob([new Uint8Array(600_000)]) })
    await refused(await send(large), 413, 'body_too_large', null)
  })

  describe('whose parts have a type of their own', () => {
    const B = { 'Content-Type': 'multipart/form-data; boundary=b' }
    const part = (name: string, text: string | Buffer, ...headers: string[]) =>
      Buffer.concat([
        Buffer.from(
          `--b\r\n${[`Content-Disposition: form-data; name="${name}"`, ...headers].join('\r\n')}\r\n\r\n`,
        ),
        Buffer.from(text),
        Buffer.from('\r\n'),
      ])
    const sendParts = (...parts: Buffer[]) =>
      server.fetch('/v1/videos', {
        method: 'POST',
        body: Buffer.concat([...parts, Buffer.from('--b--')]),
        headers: B,
      })
    const OCTETS = 'Content-Type: application/octet-stream'
    const JSON_PART = 'Content-Type: application/json'
    const X = part('prompt', 'x')

    it('are read, as bytes and as JSON too', async () => {
      for (const [type, quote] of [
        [OCTETS, ''],
        ['Content-Type: text/markdown', ''],
        [JSON_PART, '"'],
        ['content-type: Application/JSON; charset="utf-8"', '"'],
      ] as const) {
        const text = (value: string) => `${quote}${value}${quote}`
        const answer = await sendParts(
          part('prompt', text('ein Würfel'), type),
          part('seed', '7', type),
          part('negative_prompt', text('blur'), type),
          part('size', text('56x64'), 'Content-Transfer-Encoding: 8bit', type),
          part('guidance_scale', '2.5', type),
          part('stream', 'false', type),
        )
        assert.equal(answer.status, 200, `${type}: ${await answer.clone().text()}`)
        const video = (await answer.json()) as Video
        assert.deepEqual(
          [video.prompt, video.seed, video.negative_prompt, video.size, video.guidance_scale],
          ['ein Würfel', 7, 'blur', '56x64', 2.5],
          type,
        )
      }
      const latin = part(
        'prompt',
        Buffer.from('W\xfcrfel', 'latin1'),
        'Content-Type: text/plain; charset=ISO-8859-1',
      )
      const answer = await sendParts(latin)
      assert.equal(((await answer.json()) as Video).prompt, 'Würfel')
    })

    it('are refused by name where they cannot be read', async () => {
      const cases: [what: string, bad: Buffer, code: string, param: string | null][] = [
        [
          'bytes',
          part('negative_prompt', Buffer.from([0xff, 0xfe]), OCTETS),
          'unsupported_field',
          'negative_prompt',
        ],
        [
          'a reference as bytes',
          part('input_reference', Buffer.from([0x89, 0xff]), OCTETS),
          'unsupported_field',
          'input_reference',
        ],
        [
          'a reference as text',
          part('input_reference', 'file-1', OCTETS),
          'unsupported_field',
          'input_reference',
        ],
        [
          'a picture',
          part('input_reference', 'GIF89a', 'Content-Type: image/gif'),
          'unsupported_field',
          'input_reference',
        ],
        ['a seed as a file', part('seed"; filename="seed', '7'), 'unsupported_field', 'seed'],
        [
          'a file by another name',
          part(`seed"; filename*=utf-8''s; x="`, '7'),
          'unsupported_field',
          'seed',
        ],
        [
          'no UTF-8',
          part('negative_prompt', Buffer.from('W\xfcrfel', 'latin1')),
          'invalid_multipart',
          'negative_prompt',
        ],
        [
          'no such charset',
          part('seed', '7', 'Content-Type: text/plain; charset=klingon'),
          'invalid_multipart',
          'seed',
        ],
        [
          'no JSON',
          part('negative_prompt', 'blur', JSON_PART),
          'invalid_multipart',
          'negative_prompt',
        ],
        [
          'base64',
          part('seed', 'Nw==', 'Content-Transfer-Encoding: base64'),
          'invalid_multipart',
          'seed',
        ],
        ['no type', part('seed', '7', 'Content-Type: ;'), 'invalid_multipart', 'seed'],
        ['JSON of the wrong type', part('seed', '"7"', JSON_PART), 'invalid_request', 'seed'],
        [
          'a seed twice',
          Buffer.concat([part('seed', '7'), part('seed', '7', OCTETS)]),
          'invalid_request',
          'seed',
        ],
        [
          'no name',
          Buffer.from('--b\r\nContent-Disposition: form-data\r\n\r\n7\r\n'),
          'invalid_multipart',
          null,
        ],
        [
          'no disposition',
          Buffer.from('--b\r\nContent-Type: text/plain\r\n\r\n7\r\n'),
          'invalid_multipart',
          null,
        ],
        ['no headers', Buffer.from('--b\r\n\r\n7\r\n'), 'invalid_multipart', null],
        [
          'an attachment',
          Buffer.from('--b\r\nContent-Disposition: attachment; name=seed\r\n\r\n7\r\n'),
          'invalid_multipart',
          null,
        ],
        ['two names', part('seed"; name="steps', '7'), 'invalid_multipart', null],
        [
          'a longer boundary',
          Buffer.from('--bb\r\nContent-Disposition: form-data; name=seed\r\n\r\n7\r\n'),
          'invalid_multipart',
          null,
        ],
      ]
      for (const [what, bad, code, param] of cases) {
        for (const parts of [
          [X, bad],
          [bad, X],
        ]) {
          const answer = await sendParts(...parts)
          const problem = (await answer.json()) as Problem
          assert.deepEqual(
            [answer.status, problem.code, problem.error.param],
            [400, code, param],
            what,
          )
          if (code !== 'invalid_request') assert.ok(problem.hint, what)
          if (param !== null)
            assert.ok(problem.detail.includes(param), `${what}: ${problem.detail}`)
          else assert.match(problem.detail, /part [12]/, what)
        }
      }
    })

    it('are not there where a file input was left empty', async () => {
      const answer = await sendParts(X, part('seed"; filename="', '', OCTETS))
      assert.equal(answer.status, 200, await answer.text())
      const reference = await sendParts(X, part('input_reference"; filename="', '', OCTETS))
      assert.equal(reference.status, 200, await reference.text())
    })
  })

  it('what stands in the address is no part of the body, and is not passed over', async () => {
    const path = '/v1/videos?seed=7'
    const body = JSON.stringify({ prompt: 'x' })
    const headers = { 'Content-Type': 'application/json' }
    const answer = await server.fetch(path, { method: 'POST', body, headers })
    await refused(answer, 400, 'unknown_field', 'seed')
    await refused(await server.fetch('/v1/videos?limt=5'), 400, 'unknown_field', 'limt')
  })

  it('texts that are not UTF-8 are refused, not guessed', async () => {
    const body = Buffer.from('{"prompt":"W\xfcrfel"}', 'latin1')
    const headers = { 'Content-Type': 'application/json' }
    const answer = await server.fetch('/v1/videos', { method: 'POST', body, headers })
    assert.match((await refused(answer, 400, 'invalid_json', null)).detail, /UTF-8/)
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
