import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { webhookHeaders } from '../../../base/auth/webhook-signature.js'
import { freePort } from '../../../dev/process/ports.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url))
const isMp4 = (bytes: Buffer) => bytes.subarray(4, 8).toString('latin1') === 'ftyp'

interface Program {
  readonly child: ChildProcess
  /** Both streams, so far. */
  output(): string
  readonly ended: Promise<number | null>
}

describe('the examples', function () {
  this.timeout(120_000)
  const grid = useSmallGrid()
  let folder: string
  const children: ChildProcess[] = []
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-examples-'))
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  /** With Node alone, in a folder of its own: whoever copies the file has no more. */
  function start(name: string, args: string[] = [], env: Record<string, string> = {}): Program {
    const child = spawn(process.execPath, [join(EXAMPLES, name), ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, API: grid().url, KEY: grid().key, ...env },
    })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const ended = once(child, 'close').then(([code]) => code as number | null)
    return { child, output: () => output, ended }
  }

  it('batch.mjs makes a video of each line, tells progress, and makes only what is missing when started again', async () => {
    await writeFile(join(folder, 'prompts.txt'), 'a red circle\n\na blue star\na green heart\n')
    const args = ['prompts.txt', '--out', 'out', '--at-once', '2']
    const first = start('batch.mjs', args)
    assert.equal(await first.ended, 0, first.output())
    assert.match(first.output(), /^0 of 3 done/m)
    assert.match(first.output(), /^3 of 3 done, 0 failed, 0 queued$/m)
    const names = ['0001.mp4', '0002.mp4', '0003.mp4']
    assert.deepEqual((await readdir(join(folder, 'out'))).sort(), names)
    for (const name of names) assert.ok(isMp4(await readFile(join(folder, 'out', name))), name)

    const videos = async () => {
      const { data } = (await (await grid().fetch('/v1/videos?limit=100')).json()) as {
        data: unknown[]
      }
      return data.length
    }
    const before = await videos()
    await rm(join(folder, 'out', '0002.mp4'))
    const again = start('batch.mjs', args)
    assert.equal(await again.ended, 0, again.output())
    assert.deepEqual((await readdir(join(folder, 'out'))).sort(), names)
    assert.equal(await videos(), before, 'fetched again, not made again')
  })

  it('batch.mjs makes a video that failed anew when started again', async () => {
    await writeFile(join(folder, 'prompts.txt'), 'a red circle that is cancelled\n')
    for (const prover of grid().provers) prover.generator.stepMs = 5_000
    const first = start('batch.mjs', ['prompts.txt', '--out', 'out'])
    await until('the video to run', async () => /0001 \d+ %/.test(first.output()) || null)
    const [newest] = (
      (await (await grid().fetch('/v1/videos?limit=1')).json()) as { data: { id: string }[] }
    ).data
    await grid().post(`/v1/videos/${newest!.id}/cancel`, {})
    assert.equal(await first.ended, 1)
    assert.match(first.output(), /^0001: .*cancelled/m)
    for (const prover of grid().provers) prover.generator.stepMs = 2
    const again = start('batch.mjs', ['prompts.txt', '--out', 'out'])
    assert.equal(await again.ended, 0, again.output())
    assert.ok(isMp4(await readFile(join(folder, 'out', '0001.mp4'))))
  })

  it('say in a line what they need', async () => {
    const said = async (name: string, args: string[], env: Record<string, string>) => {
      const { ended, output } = start(name, args, env)
      assert.equal(await ended, 2, name)
      return output()
    }
    assert.match(await said('batch.mjs', [], {}), /^one file of prompts is needed\nusage: /)
    assert.match(await said('batch.mjs', ['--help'], {}), /^usage: /m)
    assert.match(await said('batch.mjs', ['no.txt'], {}), /^ENOENT.*no\.txt.*\nusage: /)
    const many = await said('batch.mjs', ['no.txt', '--at-once', 'x'], {})
    assert.match(many, /^--at-once is a whole number/)
    for (const name of ['batch.mjs', 'bot.mjs', 'webhook-receiver.mjs']) {
      assert.match(
        await said(name, ['no.txt'], { KEY: '' }),
        /^API, KEY|^API and KEY are needed/,
        name,
      )
    }
    assert.match(await said('webhook-receiver.mjs', [], {}), /WEBHOOK_SECRET/)
  })

  it('batch.mjs says which line was refused, and ends with 1', async () => {
    await writeFile(join(folder, 'prompts.txt'), 'a red circle\n')
    const refused = start('batch.mjs', ['prompts.txt'], { KEY: `fk_${'A'.repeat(43)}` })
    assert.equal(await refused.ended, 1)
    assert.match(refused.output(), /^0001: .*key/m)
  })

  it('webhook-receiver.mjs takes signed events, each once, and fetches the video', async () => {
    const port = await freePort()
    const target = `http://127.0.0.1:${port}/hook`
    const made = (await (await grid().post('/v1/webhooks', { url: target })).json()) as {
      id: string
      secret: string
    }
    const receiver = start('webhook-receiver.mjs', [], {
      WEBHOOK_SECRET: made.secret,
      PORT: String(port),
      OUT: 'got',
    })
    await until('the receiver to listen', async () => /listening/.test(receiver.output()) || null)
    const { id } = (await (await grid().post('/v1/videos', { prompt: 'a red circle' })).json()) as {
      id: string
    }
    await until('the video to be fetched', async () => {
      return receiver.output().includes(`fetched ${id}`) || null
    })
    assert.ok(isMp4(await readFile(join(folder, 'got', `${id}.mp4`))))

    const secret = Buffer.from(made.secret.replace('whsec_', ''), 'base64')
    const body = Buffer.from(JSON.stringify({ type: 'video.failed', data: { id: 'video_x' } }))
    const send = async (headers: Record<string, string>) =>
      (await fetch(target, { method: 'POST', headers, body })).status
    const signed = webhookHeaders({ id: 'evt_1', atMs: Date.now(), body }, [secret])
    const forged = webhookHeaders({ id: 'evt_2', atMs: Date.now(), body }, [Buffer.alloc(32)])
    const old = webhookHeaders({ id: 'evt_3', atMs: Date.now() - 3_600_000, body }, [secret])
    assert.deepEqual(
      [await send(signed), await send(signed), await send(forged), await send(old), await send({})],
      [204, 204, 400, 400, 400],
    )
    await until('the event to be told', async () => /video_x/.test(receiver.output()) || null)
    assert.equal(receiver.output().match(/video\.failed video_x/g)?.length, 1)
    await grid().fetch(`/v1/webhooks/${made.id}`, { method: 'DELETE' })
  })

  it('bot.mjs makes a video for who asks, one at a time, edits its message, and cancels', async () => {
    const bot = start('bot.mjs')
    const type = (line: string) => bot.child.stdin!.write(`${line}\n`)
    const says = (pattern: RegExp) =>
      until(`the bot to say ${pattern}`, async () => pattern.exec(bot.output()))
    type('alice: !video a red circle moves right')
    await says(/^#1 to alice: here it is, @alice \(\d+ bytes\)$/m)
    assert.match(bot.output(), /^#1 to alice: asking…$/m)
    type('bob: hello there')
    type('bob: !help')
    await says(/^#2 to bob: !video PROMPT makes a video/m)
    for (const prover of grid().provers) prover.generator.stepMs = 5_000
    type('bob: !video a blue star')
    await says(/^#3 to bob: (\d+ %|queued.*)$/m)
    type('bob: !video another one')
    await says(/^#4 to bob: one at a time/m)
    type('bob: !cancel')
    await says(/^#3 to bob: cancelled$/m)
    for (const prover of grid().provers) prover.generator.stepMs = 2
  })

  /** An API whose answers a test gives, by method and path; it says in what order it was asked. */
  async function asks(
    answers: Readonly<Record<string, (res: ServerResponse, times: number) => void>>,
    said: RegExp,
  ): Promise<string[]> {
    const asked: string[] = []
    const server = createServer((req, res) => {
      const what = `${req.method} ${req.url}`
      asked.push(what)
      const answer = answers[what]
      if (answer === undefined) res.writeHead(404).end()
      else answer(res, asked.filter((each) => each === what).length)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      const bot = start('bot.mjs', [], { API: `http://127.0.0.1:${port}` })
      bot.child.stdin!.write('carol: !video a green heart\n')
      await until(`the bot to say ${said}`, async () => said.exec(bot.output()))
      return asked
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }
  const video = (status: string, progress: number) => ({ id: 'video_x', status, progress })
  const send = (res: ServerResponse, value: object) => res.end(JSON.stringify(value))
  const tell = (res: ServerResponse, data: object) =>
    res.write(`event: x\ndata: ${JSON.stringify(data)}\n\n`)
  const EVENTS = 'GET /v1/videos/video_x/events?frames=none'

  it('bot.mjs goes on elsewhere where a server that stops says so', async () => {
    const asked = await asks(
      {
        'POST /v1/videos': (res) => send(res, video('queued', 0)),
        [EVENTS]: (res) => {
          tell(res, { type: 'video.updated', video: video('in_progress', 10) })
          tell(res, {
            ...{ type: 'server.stopping', last_event_id: null, retry_after_ms: 1 },
            events_url: '/v1/videos/video_x/events?of=another',
          })
          res.end()
        },
        'GET /v1/videos/video_x': (res) => send(res, video('in_progress', 20)),
        'GET /v1/videos/video_x/events?of=another': (res) => {
          tell(res, { type: 'video.completed', video: video('completed', 100) })
          res.end()
        },
        'GET /v1/videos/video_x/content': (res) => res.end('MP4'),
      },
      /^#1 to carol: 10 %\n#1 to carol: 20 %\n#1 to carol: here it is, @carol \(3 bytes\)$/m,
    )
    assert.equal(asked.length, 5, asked.join('\n'))
  })

  it('bot.mjs asks for the video where it gets no events, or none any more', async () => {
    const asked = await asks(
      {
        'POST /v1/videos': (res) => send(res, video('queued', 0)),
        [EVENTS]: (res, times) => {
          if (times === 1) return void res.writeHead(502).end('a proxy says so')
          tell(res, { type: 'video.updated', video: video('in_progress', 50) })
          // Its connection is lost, in the middle of an event.
          res.write('data: {"type"', () => res.destroy())
        },
        'GET /v1/videos/video_x': (res, times) => {
          res.setHeader('openai-poll-after-ms', '1')
          if (times === 2) return void res.destroy()
          send(res, times === 1 ? video('in_progress', 40) : video('completed', 100))
        },
        'GET /v1/videos/video_x/content': (res) => res.end('MP4'),
      },
      /^#1 to carol: 40 %\n(#1 to carol: 50 %\n)+#1 to carol: here it is, @carol \(3 bytes\)$/m,
    )
    assert.equal(asked.filter((what) => what === EVENTS).length, 3, asked.join('\n'))
  })

  it('bot.mjs says why where the API refuses', async () => {
    const refuses = (res: ServerResponse) => {
      res.writeHead(400)
      send(res, { detail: 'The prompt is empty.' })
    }
    await asks({ 'POST /v1/videos': refuses }, /^#1 to carol: no: The prompt is empty\.$/m)
  })
})
