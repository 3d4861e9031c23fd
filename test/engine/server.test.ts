import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { createLog } from '../../base/log.js'
import { closeServer, listen } from '../../base/net/http-listener.js'
import { type Engine, openEngine } from '../../engine/engine.js'
import type { Generated, GenerationHooks } from '../../engine/pipeline/generator.js'
import { openEngineProcess } from '../../engine/process/open-engine-process.js'
import { connectEngine } from '../../engine/server/connect-engine.js'
import { createEngineServer, type EngineServer } from '../../engine/server/engine-server.js'
import { encodeRecord, RecordReader } from '../../engine/server/records.js'
import type { RemoteEngine } from '../../engine/thread/remote-engine.js'
import type { GenerationParams } from '../../formats/generation.js'
import { startEngines } from '../../prover/engines/start-engines.js'
import { until } from '../support/until.js'
import { generateFrames, smallParams, TINY_MODEL } from './fixtures.js'

const LISTENER = { what: 'a test', remedy: 'x' }
const HERE = { host: '127.0.0.1', port: 0 }
const onEnd = () => {}

describe('A model server', () => {
  let held: RemoteEngine
  let local: Engine
  let served: EngineServer
  let url: string
  let remote: RemoteEngine
  before(async () => {
    held = (await openEngineProcess({ modelDir: TINY_MODEL, device: 'cpu', onEnd })).engine
    local = await openEngine({ modelDir: TINY_MODEL, device: 'cpu' })
    served = createEngineServer([held], '0.0.0')
    url = (await listen(served.server, HERE, LISTENER)).url
    remote = await connectEngine({ url, onEnd })
  })
  after(async () => {
    await remote.close()
    served.endSessions()
    await closeServer(served.server, { graceMs: 0 })
    await Promise.all([held.close(), local.close()])
  })

  /** What both have to keep: this machine's engine, and the one behind a port. */
  for (const [name, engine] of [
    ['on this machine', () => local],
    ['behind a port', () => remote],
  ] as const) {
    it(`is an engine as any other: ${name}`, async () => {
      const one = engine()
      assert.equal(one.determinismClass, local.determinismClass)
      assert.equal(one.modelRoot, local.modelRoot)
      assert.deepEqual(one.descriptor, local.descriptor)
      const params = smallParams(one)
      const states: [number, Float32Array[]][] = []
      const steps: number[] = []
      const generated = await generateFrames(one, params, {
        onState: (i, tensors) => void states.push([i, [...tensors]]),
        onProgress: (step) => steps.push(step),
      })
      const expected = await generateFrames(local, params)
      assert.deepEqual(generated.frames.map(Buffer.from), expected.frames.map(Buffer.from))
      assert.equal(generated.traceRoot, expected.traceRoot)
      assert.deepEqual(steps, [1, 2])
      assert.deepEqual(
        states.map(([i]) => i),
        [0, 1, 2],
      )
      const again = await one.recomputeStep(params, {
        step: 1,
        frame: 1,
        before: states[0]![1][0]!,
        finalLatents: states[2]![1][0]!,
      })
      assert.deepEqual(
        [again.stateDigest, again.frameDigest],
        [generated.stepDigests[1], generated.frameDigests[0]],
      )
      assert.equal(await one.classNow(), one.determinismClass)
      await assert.rejects(one.generate({ ...params, width: 17 }), { code: 'invalid_request' })
      await assert.rejects(one.generate(params, { signal: AbortSignal.abort() }), {
        code: 'cancelled',
      })
      const failure = new Error('the disk is full')
      await assert.rejects(
        one.generate(params, { onFrame: () => Promise.reject(failure) }),
        failure,
      )
      assert.equal((await one.generate(params)).framesSha256, expected.framesSha256)
    })
  }

  it('says what it is, and takes several clients in turn', async () => {
    const info = await infoOf(url)
    assert.deepEqual(
      [info.model_root, info.determinism_class, info.capacity, info.sessions],
      [held.modelRoot, held.determinismClass, 1, 1],
    )
    assert.equal(info.versions.protocol, 'fractal-engine/2')
    const second = await connectEngine({ url, onEnd })
    const both = await Promise.all([remote, second].map((one) => one.generate(smallParams(one))))
    assert.equal(both[0]!.framesSha256, both[1]!.framesSha256)
    await second.close()
    await until('its place is free', async () => {
      return (await infoOf(url)).sessions === 1
    })
  })

  /** A server's engine that is another in something. */
  const heldAs = (lie: object) =>
    new Proxy(held, { get: (engine, name) => Reflect.get({ ...bound(engine), ...lie }, name) })
  const bound = (engine: RemoteEngine) => ({
    shape: engine.shape,
    descriptor: engine.descriptor,
    software: engine.software,
    instance: engine.instance,
    modelRoot: engine.modelRoot,
    determinismClass: engine.determinismClass,
    generate: engine.generate.bind(engine),
  })

  it('that names another root or class than it computes is refused', async () => {
    const root = 'ab'.repeat(32)
    const otherPrint = held.determinismClass.replace(/fingerprint=.*/, `fingerprint=${root}`)
    for (const [lie, says] of [
      [{ modelRoot: root }, /is not of the root abab/],
      [{ determinismClass: otherPrint }, /its known answers give the fingerprint/],
    ] as const) {
      const liar = createEngineServer([heldAs(lie)], '0')
      try {
        const at = (await listen(liar.server, HERE, LISTENER)).url
        await assert.rejects(connectEngine({ url: at, onEnd }), {
          code: 'server_untrue',
          message: says,
        })
      } finally {
        liar.endSessions()
        await closeServer(liar.server, { graceMs: 0 })
      }
    }
  })

  it('whose frames or states are not those of its digests makes no answer that could be signed', async () => {
    const seed = 4_000_000_000
    type Lie = (hooks: GenerationHooks) => GenerationHooks
    const flipped = (rgb: Uint8Array) => rgb.map((byte) => byte ^ 1)
    const lies: [lie: Lie, digests: Partial<Generated>, says: RegExp][] = [
      [
        (hooks) => ({ ...hooks, onFrame: (i, rgb) => hooks.onFrame?.(i, flipped(rgb)) }),
        {},
        /do not have the digests/,
      ],
      [
        (hooks) => ({
          ...hooks,
          onState: (i, tensors) =>
            hooks.onState?.(
              i,
              tensors.map((tensor) => tensor.map((value) => value + 1)),
            ),
        }),
        {},
        /do not have the digests/,
      ],
      [
        (hooks) => ({ ...hooks, onFrame: (i, rgb) => hooks.onFrame?.(i + 1, rgb) }),
        {},
        /sends frame 2 in place of 1/,
      ],
      [(hooks) => hooks, { traceRoot: 'ab'.repeat(32) }, /do not have the digests/],
      [(hooks) => hooks, { framesSha256: 'ab'.repeat(32) }, /do not have the digests/],
      [(hooks) => hooks, { frameDigests: [] }, /do not have the digests/],
    ]
    for (const [lie, digests, message] of lies) {
      // It answers its known answers as it should.
      const generate = async (params: GenerationParams, hooks: GenerationHooks) =>
        params.seed === seed
          ? { ...(await held.generate(params, lie(hooks))), ...digests }
          : held.generate(params, hooks)
      const liar = createEngineServer([heldAs({ generate })], '0')
      try {
        const at = (await listen(liar.server, HERE, LISTENER)).url
        const engine = await connectEngine({ url: at, onEnd })
        const hooks = { onFrame: () => {}, onState: () => {} }
        await assert.rejects(engine.generate(smallParams(engine, { seed }), hooks), {
          code: 'server_untrue',
          message,
        })
        await engine.generate(smallParams(engine), hooks)
        await engine.close()
      } finally {
        liar.endSessions()
        await closeServer(liar.server, { graceMs: 0 })
      }
    }
  })

  it('that is none, speaks another version, or does not answer, is told by its cause', async () => {
    const web = createHttpServer((_req, res) => res.end('hello'))
    const older = createHttpServer()
    older.on('upgrade', (_req, socket: Socket) => {
      socket.end(
        'HTTP/1.1 426 Upgrade Required\r\nUpgrade: fractal-engine/0\r\nContent-Length: 0\r\n\r\n',
      )
    })
    const dumb = createTcpServer()
    try {
      const refused = async (
        server: Server | ReturnType<typeof createTcpServer>,
        code: string,
        says: RegExp,
      ) => {
        const { url: at } = await listen(server, HERE, LISTENER)
        await assert.rejects(connectEngine({ url: at, onEnd, connectMs: 1000 }), {
          code,
          message: says,
        })
      }
      await refused(web, 'server_protocol', /speaks HTTP 200; this is fractal-engine\/2/)
      await refused(older, 'server_protocol', /speaks fractal-engine\/0/)
      await refused(dumb, 'server_unreachable', /No model server answers/)
      const gone = `http://127.0.0.1:${await freed()}`
      await assert.rejects(connectEngine({ url: gone, onEnd }), {
        code: 'server_unreachable',
        message: /ECONNREFUSED/,
      })
    } finally {
      for (const server of [web, older]) server.closeAllConnections()
      for (const server of [web, older, dumb]) server.close()
    }
  })

  it('that drops in the middle, or says nothing any more, fails what was asked and nothing else', async () => {
    let ended = 0
    // Between the two: what it lets through can be stopped.
    let isMute = false
    /** Bytes that it still lets through before it drops everything. */
    let left = Number.POSITIVE_INFINITY
    const pairs: Socket[] = []
    const drop = () => {
      for (const socket of pairs) socket.destroy()
    }
    const relay = createTcpServer((client) => {
      const upstream = connect(Number(new URL(url).port), '127.0.0.1')
      pairs.push(client, upstream)
      for (const socket of [client, upstream]) socket.on('error', () => {})
      client.pipe(upstream)
      upstream.on('data', (chunk) => {
        if (isMute) return
        const through = chunk.subarray(0, left)
        left -= through.length
        client.write(through)
        if (left === 0) drop()
      })
      upstream.once('close', () => client.destroy())
    })
    try {
      const at = (await listen(relay, HERE, LISTENER)).url
      const open = () => connectEngine({ url: at, silentMs: 700, onEnd: () => (ended += 1) })
      const dropped = await open()
      // By bytes: on a busy machine, all of the answer may have come before any of it is read.
      left = 500
      await assert.rejects(dropped.generate(smallParams(dropped)), {
        code: 'engine_failed',
        message: /model server has ended/,
      })
      left = Number.POSITIVE_INFINITY
      assert.equal(ended, 1)
      const silent = await open()
      isMute = true
      await assert.rejects(silent.generate(smallParams(silent)), {
        code: 'server_silent',
        message: /said nothing for 0.7 s/,
      })
      assert.equal((await remote.generate(smallParams(remote))).warnings.length, 0)
    } finally {
      drop()
      relay.close()
    }
  })

  it('serves a prover in place of its GPUs, which connects again when it was away', async () => {
    const log = createLog('test', 'silent')
    const mine = { modelDir: '/nowhere', device: 'cuda', count: 1 } as const
    const started = await startEngines({ ...mine, endpoints: [url, url], log, firstPauseMs: 10 })
    try {
      const [first, second] = started
      assert.deepEqual(
        [first!.determinismClass, second!.modelRoot],
        [held.determinismClass, held.modelRoot],
      )
      const params = smallParams(first!)
      const before = await first!.generate(params)
      served.endSessions()
      await until('both are lost', () => started.every(({ isLost }) => isLost))
      await until('both are connected again', () => started.every(({ isLost }) => !isLost))
      assert.equal((await second!.generate(params)).framesSha256, before.framesSha256)
    } finally {
      await Promise.all(started.map((engine) => engine.close()))
      // Its connection was cut as well.
      remote = await connectEngine({ url, onEnd })
    }
  })

  it('reads records in whatever pieces they come, and nothing that is none', () => {
    const message = { type: 'x', a: new Uint8Array([1, 2]), tensors: [new Float32Array([1.5])] }
    const bytes = Buffer.concat([encodeRecord(message), encodeRecord({ type: 'y' })])
    for (const size of [1, 7, bytes.length]) {
      const reader = new RecordReader()
      const read: unknown[] = []
      for (let at = 0; at < bytes.length; at += size)
        read.push(...reader.push(bytes.subarray(at, at + size)))
      assert.deepEqual(read, [message, { type: 'y' }])
    }
    for (const bad of ['GET / HTTP/1.1\r\n', '\0\0\0\x02\0\0\0\0{x']) {
      assert.throws(() => new RecordReader().push(Buffer.from(bad, 'latin1')), {
        code: 'engine_failed',
      })
    }
  })

  interface Info {
    model_root: string
    determinism_class: string
    capacity: number
    sessions: number
    versions: { protocol: string }
  }
  const infoOf = async (at: string): Promise<Info> =>
    JSON.parse(await (await fetch(`${at}/v1/info`)).text())

  async function freed(): Promise<number> {
    const server = createTcpServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    return port
  }
})
