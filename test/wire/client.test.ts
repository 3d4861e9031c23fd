import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { STREAM_MEDIA_TYPE } from '../../wire/limits.js'
import { encodeRecord } from '../../wire/stream.js'
import { BODY, useAsking } from './asking.js'
import {
  CLASS,
  honestScript,
  inOrder,
  rawFrames,
  type Script,
  serving,
  TRACE_ROOT,
  VIDEO,
} from './stub-prover.js'

describe('asking a prover', () => {
  const { alice, bob, ask, askAt, failsAs, honest, withScript } = useAsking()

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

  it('is signed once all has been done that its caller does besides', async () => {
    const order: string[] = []
    const sign = (message: Uint8Array) => {
      order.push('signed')
      return alice().sign(message)
    }
    await serving(withScript(inOrder), (address) => {
      const asked = askAt({ address, signer: { ss58: alice().ss58, sign } })
      order.push('its caller')
      process.nextTick(() => order.push('the next tick'))
      return asked
    })
    assert.deepEqual(order.slice(0, 3), ['its caller', 'the next tick', 'signed'])
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
    const large = (body: Buffer) => honestScript(bob(), alice().ss58, body, {}, { video, frames })
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
