import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { deflateSync } from 'node:zlib'
import type { Signer } from '../../base/sr25519.js'
import { type RequestOptions, requestGeneration } from '../../wire/client.js'
import { STREAM_MEDIA_TYPE } from '../../wire/limits.js'
import { clockWord, type RequestOutcome } from '../../wire/outcome.js'
import { encodeRecord } from '../../wire/stream.js'
import { devSigner } from './keys.js'
import {
  CLASS,
  GENESIS,
  honestScript,
  inOrder,
  MODEL_ROOT,
  rawFrames,
  type Script,
  serving,
  streamOf,
  TRACE_ROOT,
  VIDEO,
} from './stub-prover.js'

const BODY = Buffer.from('{"request_id":"x"}')

describe('asking a prover', () => {
  let alice: Signer
  let bob: Signer

  before(async () => {
    alice = await devSigner('//Alice')
    bob = await devSigner('//Bob')
  })

  function ask(
    listener: RequestListener | Server,
    changes: Partial<RequestOptions> = {},
  ): Promise<RequestOutcome> {
    return serving(listener, (address) => askAt({ address, ...changes }))
  }

  function askAt(changes: Partial<RequestOptions> & Pick<RequestOptions, 'address'>) {
    return requestGeneration({
      receiver: bob.ss58,
      signer: alice,
      body: BODY,
      expected: VIDEO,
      terms: { genesisHash: GENESIS, netuid: 9 },
      modelRoot: MODEL_ROOT,
      allowPrivate: true,
      mayVerify: () => false,
      deadlineMs: 20_000,
      ...changes,
    })
  }

  const honest = (body: Buffer) => honestScript(bob, alice.ss58, body)
  const withScript = (change: (script: Script) => Buffer[]) =>
    streamOf((body) => change(honest(body)))

  async function failsAs(
    reason: string,
    listener: RequestListener | Server,
    changes: Partial<RequestOptions> = {},
  ): Promise<void> {
    const outcome = await ask(listener, changes)
    const what = outcome.kind === 'failed' ? `${outcome.reason}: ${outcome.message}` : outcome.kind
    assert.ok(outcome.kind === 'failed' && outcome.reason === reason, `${what}, expected ${reason}`)
  }

  it('takes an honest answer and checks all of it', async () => {
    const types: string[] = []
    const frames: Uint8Array[] = []
    const outcome = await ask(withScript(inOrder), {
      onRecord: (header) => types.push(header.type),
      onFrame: (index, rgb) => {
        assert.equal(index, frames.length + 1)
        frames.push(rgb)
      },
    })
    assert.ok(outcome.kind === 'answered')
    assert.deepEqual(types, ['accepted', 'progress', 'progress', 'done'])
    assert.deepEqual(frames, rawFrames())
    assert.equal(outcome.traceRoot, TRACE_ROOT)
    assert.equal(outcome.determinismClass, CLASS)
    assert.equal(outcome.frameDigests.length, 3)
    assert.deepEqual(outcome.warnings, ['prompt_truncated'])
    assert.ok(outcome.elapsedUs > 0 && Number.isInteger(outcome.elapsedUs))
    assert.match(outcome.request.nonce, /^\d{19}$/)
    assert.match(outcome.request.signature, /^0x[0-9a-f]{128}$/)
  })

  it('takes no answer of another class than the recorded one', async () => {
    await failsAs('class_changed', withScript(inOrder), { determinismClass: `${CLASS}0` })
    const outcome = await ask(withScript(inOrder), { determinismClass: CLASS })
    assert.equal(outcome.kind, 'answered')
  })

  it('takes accepted again when the position falls or warnings come', async () => {
    const accepted = (position: number, warnings: string[] = []) =>
      encodeRecord({ type: 'accepted', position, warnings })
    const outcome = await ask(
      withScript((s) => [
        accepted(2),
        accepted(1),
        accepted(0),
        accepted(0, ['prompt_truncated']),
        ...s.frames,
        s.done,
      ]),
    )
    assert.ok(outcome.kind === 'answered')
    assert.deepEqual(outcome.warnings, ['prompt_truncated'])
    await failsAs(
      'malformed',
      withScript((s) => [accepted(1), accepted(2), s.done]),
    )
    await failsAs(
      'malformed',
      withScript((s) => [accepted(1), accepted(1), s.done]),
    )
    await failsAs(
      'malformed',
      withScript((s) => [s.accepted, ...s.progress, accepted(0)]),
    )
  })

  it('finds every disorder of records', async () => {
    const frame = (index: number, raw: Uint8Array) =>
      encodeRecord({ type: 'frame', index }, deflateSync(raw))
    const progress = (step: number, steps = 2) => encodeRecord({ type: 'progress', step, steps })
    const disorders: Record<string, (s: Script) => Buffer[]> = {
      'no record at all': () => [],
      'no accepted': (s) => [...s.frames, s.done],
      'a frame missing': (s) => [s.accepted, ...s.frames.slice(1), s.done],
      'a frame too few': (s) => [s.accepted, ...s.frames.slice(0, 2), s.done],
      'a frame too many': (s) => [s.accepted, ...s.frames, frame(4, rawFrames()[0]!), s.done],
      'frames swapped': (s) => [s.accepted, s.frames[1]!, s.frames[0]!, s.frames[2]!, s.done],
      'a frame twice': (s) => [
        s.accepted,
        s.frames[0]!,
        s.frames[0]!,
        ...s.frames.slice(1),
        s.done,
      ],
      'a frame too short': (s) => [
        s.accepted,
        frame(1, Buffer.alloc(95)),
        ...s.frames.slice(1),
        s.done,
      ],
      'a frame too long': (s) => [
        s.accepted,
        frame(1, Buffer.alloc(97)),
        ...s.frames.slice(1),
        s.done,
      ],
      'a frame not compressed': (s) => [
        s.accepted,
        encodeRecord({ type: 'frame', index: 1 }, rawFrames()[0]),
      ],
      'a zip bomb': (s) => [s.accepted, frame(1, Buffer.alloc(1_000_000))],
      'a frame with other bytes': (s) => [
        s.accepted,
        frame(1, Buffer.alloc(96, 99)),
        ...s.frames.slice(1),
        s.done,
      ],
      'done without frames': (s) => [s.accepted, s.done],
      'no done': (s) => [s.accepted, ...s.frames],
      'a record after done': (s) => [...inOrder(s), progress(1)],
      'done twice': (s) => [...inOrder(s), s.done],
      'bytes after done': (s) => [...inOrder(s), Buffer.from('x')],
      'progress that falls': (s) => [s.accepted, progress(2), progress(1), ...s.frames, s.done],
      'progress that stands': (s) => [s.accepted, progress(1), progress(1), ...s.frames, s.done],
      'progress of other steps': (s) => [s.accepted, progress(1, 3), ...s.frames, s.done],
      'progress beyond the steps': (s) => [s.accepted, progress(3), ...s.frames, s.done],
      'progress after frames': (s) => [s.accepted, s.frames[0]!, progress(1)],
      'a body where none belongs': () => [
        encodeRecord({ type: 'accepted', position: 0, warnings: [] }, Buffer.from('x')),
      ],
      'an unknown type': (s) => [s.accepted, encodeRecord({ type: 'advert' })],
      'an unknown warning': () => [
        encodeRecord({ type: 'accepted', position: 0, warnings: ['x'] }),
      ],
      'a member too many': (s) => [
        s.accepted,
        encodeRecord({ type: 'progress', step: 1, steps: 2, x: 1 }),
      ],
      garbage: () => [Buffer.from('\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0000nope')],
      'a cut record': (s) => [s.accepted, s.frames[0]!.subarray(0, -3)],
    }
    for (const [name, change] of Object.entries(disorders)) {
      const outcome = await ask(withScript(change))
      assert.ok(outcome.kind === 'failed' && outcome.reason === 'malformed', name)
    }
  })

  it('finds a done that is not true', async () => {
    const changed = (change: (done: Record<string, unknown>) => object) =>
      withScript((s) => {
        const length = s.done.readUInt32LE(0)
        const done = JSON.parse(s.done.subarray(8, 8 + length).toString())
        return [s.accepted, ...s.frames, encodeRecord({ ...done, ...change(done) })]
      })
    await failsAs(
      'malformed',
      changed(() => ({ frames_sha256: 'ab'.repeat(32) })),
    )
    await failsAs(
      'malformed',
      changed(() => ({ determinism_class: 'a class; of its own' })),
    )
    await failsAs(
      'malformed',
      changed(() => ({ determinism_class: `${CLASS};more=1` })),
    )
    await failsAs(
      'malformed',
      changed(() => ({ signature: '0x00' })),
    )
    await failsAs(
      'malformed',
      changed(() => ({ timings: {} })),
    )
    await failsAs(
      'bad_signature',
      changed(() => ({ trace_root: 'ab'.repeat(32) })),
    )
    await failsAs(
      'bad_signature',
      changed(() => ({ signature: `0x${'0'.repeat(128)}` })),
    )
    const otherClass = CLASS.replace('avx2', 'sse')
    await failsAs(
      'bad_signature',
      changed(() => ({ determinism_class: otherClass })),
    )
  })

  it('finds an answer signed by another, for another, or on other terms', async () => {
    await failsAs(
      'bad_signature',
      streamOf((b) => inOrder(honestScript(alice, alice.ss58, b))),
    )
    await failsAs(
      'bad_signature',
      streamOf((b) => inOrder(honestScript(bob, bob.ss58, b))),
    )
    await failsAs(
      'bad_signature',
      streamOf((b) => inOrder(honestScript(bob, alice.ss58, b, { netuid: 8 }))),
    )
    const other = Buffer.from('{"request_id":"y"}')
    await failsAs(
      'bad_signature',
      streamOf(() => inOrder(honest(other))),
    )
    await failsAs('bad_signature', withScript(inOrder), { modelRoot: 'ab'.repeat(32) })
  })

  it('caps what it reads', async () => {
    const huge = Buffer.alloc(8)
    huge.writeUInt32LE(2, 0)
    huge.writeUInt32LE(0xffffffff, 4)
    await failsAs(
      'oversized',
      withScript((s) => [s.accepted, huge]),
    )
    await failsAs(
      'oversized',
      withScript((s) => [
        s.accepted,
        encodeRecord({ type: 'frame', index: 1 }, Buffer.alloc(4000)),
      ]),
    )
    await failsAs('oversized', (_, res) =>
      res.writeHead(200, { 'X-Long': 'x'.repeat(20_000) }).end(),
    )
  })

  it('takes no answer of another kind, and follows no redirect', async () => {
    let followed = false
    const redirect: RequestListener = (req, res) => {
      if (req.url === '/elsewhere') followed = true
      res.writeHead(307, { Location: '/elsewhere' }).end()
    }
    await failsAs('malformed', redirect)
    assert.equal(followed, false)
    await failsAs('malformed', (_, res) => res.writeHead(204).end())
    await failsAs('malformed', (_, res) =>
      res.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>'),
    )
    await failsAs('malformed', (_, res) => res.writeHead(200).end())
    await failsAs('malformed', (_, res) =>
      res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE, 'Content-Encoding': 'gzip' }).end(),
    )
  })

  it('knows a prover that calls our time wrong from one that fails', async () => {
    const refusing = (code: string): RequestListener => {
      return (req, res) => {
        req.resume()
        res.writeHead(401, { 'Content-Type': 'application/json' })
        res.end(JSON.stringify({ error: { code, message: 'no' } }))
      }
    }
    for (const [code, reason, word] of [
      ['stale', 'stale', 'stale'],
      ['bad_signature', 'error', 'silent'],
    ] as const) {
      const outcome = await ask(refusing(code))
      assert.ok(outcome.kind === 'failed')
      assert.deepEqual([outcome.reason, clockWord(outcome)], [reason, word])
    }
    // By a prover that started just now: our time is older than its start, and fresh.
    assert.deepEqual(await ask(refusing('before_start')), { kind: 'refused', taken: [] })
  })

  it('distinguishes refusals by their status', async () => {
    const status =
      (code: number, body: string, headers = {}): RequestListener =>
      (_, res) =>
        res.writeHead(code, headers).end(body)
    const json = JSON.stringify({ error: { code: 'queue_full', message: 'full\u001b[31m' } })
    assert.deepEqual(await ask(status(429, json, { 'Retry-After': '7' })), {
      kind: 'refused',
      retryAfterMs: 7000,
      taken: [],
    })
    for (const headers of [{}, { 'Retry-After': 'soon' }, { 'Retry-After': '-1' }]) {
      assert.deepEqual(await ask(status(429, 'not json', headers)), { kind: 'refused', taken: [] })
    }
    await failsAs('invalid_request', status(400, json))
    for (const code of [401, 403, 404, 409, 413, 500, 502, 503])
      await failsAs('error', status(code, json))
    const outcome = await ask(status(503, json))
    assert.ok(outcome.kind === 'failed')
    assert.equal(outcome.message, 'status 503 queue_full: full�[31m')
    await failsAs('error', status(500, 'x'.repeat(100_000)))
  })

  it('maps the codes of error records, and takes no excuse', async () => {
    const erring = (code: string) =>
      withScript((s) => [
        s.accepted,
        encodeRecord({ type: 'error', code, message: 'because', retryable: false }),
      ])
    await failsAs('invalid_request', erring('invalid_request'))
    await failsAs('out_of_memory', erring('out_of_memory'))
    await failsAs('late', erring('late'))
    await failsAs('error', erring('internal'))
    await failsAs('error', erring('something_new'))
    await failsAs('error', erring('cancelled'))
    const first = encodeRecord({ type: 'error', code: 'late', message: 'm', retryable: true })
    await failsAs(
      'late',
      withScript(() => [first]),
    )
  })

  it('reports no connection as unreachable', async () => {
    const address = await serving(
      () => {},
      async (at) => at,
    )
    const outcome = await askAt({ address })
    assert.ok(outcome.kind === 'failed' && outcome.reason === 'unreachable')
    const loopback = await askAt({ address, allowPrivate: false })
    assert.ok(loopback.kind === 'failed' && loopback.reason === 'unreachable')
    assert.match(loopback.message, /loopback/)
  })

  /** A bare TCP server that treats each connection as told, once its request is in. */
  function tcp(onRequest: (socket: Socket) => void): Server {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => onRequest(socket))
    })
    const sockets = new Set<Socket>()
    server.on('connection', (socket) => sockets.add(socket))
    // What serving() calls to end what is left open.
    return Object.assign(server, {
      closeAllConnections: () => {
        for (const socket of sockets) socket.destroy()
      },
    }) as unknown as Server
  }

  const HEAD = `HTTP/1.1 200 OK\r\nContent-Type: ${STREAM_MEDIA_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`
  const chunk = (bytes: Buffer) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

  it('reports a connection that breaks off as no answer, and bytes that are no HTTP as malformed', async () => {
    await failsAs(
      'no_answer',
      tcp((socket) => socket.destroy()),
    )
    await failsAs(
      'no_answer',
      tcp((socket) => socket.resetAndDestroy()),
    )
    await failsAs(
      'no_answer',
      tcp((socket) => socket.end(HEAD)),
    )
    const { accepted, progress } = honest(BODY)
    const begun = tcp((socket) => {
      socket.write(Buffer.concat([Buffer.from(HEAD), chunk(accepted), chunk(progress[0]!)]))
      socket.end()
    })
    const outcome = await ask(begun)
    assert.ok(outcome.kind === 'failed' && outcome.reason === 'no_answer')
    assert.equal(outcome.progressed, true)
    await failsAs(
      'malformed',
      tcp((socket) => socket.end('SSH-2.0-OpenSSH_9.7\r\n')),
    )
    await failsAs(
      'malformed',
      tcp((socket) => socket.end(`${HEAD}zz\r\n`)),
    )
  })

  it('waits no longer than its timeouts for the first record, between records, and in all', async () => {
    const silent: RequestListener = () => {}
    await failsAs('no_answer', silent, { firstRecordMs: 60 })
    await failsAs(
      'no_answer',
      (_, res) => res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE }).flushHeaders(),
      { firstRecordMs: 60 },
    )
    const stalling =
      (position: number): RequestListener =>
      (_, res) => {
        res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
        res.write(encodeRecord({ type: 'accepted', position, warnings: [] }))
      }
    await failsAs('stalled', stalling(0), { stallMs: 60 })
    // Waiting for its turn is no stall.
    await failsAs('late', stalling(1), { stallMs: 30, deadlineMs: 150 })
    await failsAs('late', silent, { firstRecordMs: 5000, deadlineMs: 60 })
  })

  it('gives the frames’ bytes time of their own, 2,000 of them a millisecond', async () => {
    const lateDone =
      (script: (body: Buffer) => Script): RequestListener =>
      async (req, res) => {
        const { done, ...rest } = script(Buffer.concat(await req.toArray()))
        res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
        res.write(Buffer.concat([rest.accepted, ...rest.progress, ...rest.frames]))
        setTimeout(() => res.end(done), 400)
      }
    await failsAs('late', lateDone(honest), { deadlineMs: 200 })
    // 6 MB that no compression shrinks: three seconds more.
    const video = { ...VIDEO, width: 2048, height: 1024, frames: 1 }
    const frames = [randomBytes(video.width * video.height * 3)]
    const large = (body: Buffer) => honestScript(bob, alice.ss58, body, {}, { video, frames })
    const outcome = await ask(lateDone(large), { deadlineMs: 200, expected: video })
    assert.equal(outcome.kind === 'failed' ? outcome.message : outcome.kind, 'answered')
  })

  it('ends with the caller: the prover sees a disconnect', async () => {
    const stop = new AbortController()
    let closed: Promise<unknown> | null = null
    const outcome = await ask(
      (_, res) => {
        closed = once(res, 'close')
        res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
        res.write(honest(BODY).accepted)
      },
      { signal: stop.signal, onRecord: () => stop.abort() },
    )
    assert.ok(outcome.kind === 'failed' && outcome.reason === 'cancelled')
    await closed
    await failsAs('cancelled', () => {}, { signal: AbortSignal.abort() })
  })

  it('does not wait for the end of a stream that was done', async () => {
    const outcome = await ask((_, res) => {
      res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
      res.write(Buffer.concat(inOrder(honest(BODY))))
    })
    assert.equal(outcome.kind, 'answered')
  })

  it("throws what the caller's own callback throws, and ends the exchange", async () => {
    const own = new Error('the disk is full')
    await assert.rejects(
      ask(withScript(inOrder), {
        onFrame: () => {
          throw own
        },
      }),
      own,
    )
  })
})
