import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { deflateSync } from 'node:zlib'
import { STREAM_MEDIA_TYPE } from '../../wire/limits.js'
import { encodeRecord } from '../../wire/stream.js'
import { useAsking } from './asking.js'
import { CLASS, honestScript, inOrder, rawFrames, type Script, streamOf } from './stub-prover.js'

describe('a wrong answer', () => {
  const { alice, bob, ask, failsAs, honest, withScript } = useAsking()

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
      streamOf((b) => inOrder(honestScript(alice(), alice().ss58, b))),
    )
    await failsAs(
      'bad_signature',
      streamOf((b) => inOrder(honestScript(bob(), bob().ss58, b))),
    )
    await failsAs(
      'bad_signature',
      streamOf((b) => inOrder(honestScript(bob(), alice().ss58, b, { netuid: 8 }))),
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
})
