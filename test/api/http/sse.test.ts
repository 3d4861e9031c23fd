import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import express from 'express'
import { SseStream } from '../../../api/http/sse.js'
import { type ApiServer, serveApi } from '../../../api/server.js'

/** More than sockets of this machine take in by themselves. */
const MUCH = 'x'.repeat(1_000_000)

describe('a stream of events', () => {
  let server: ApiServer
  /** How long a client may take nothing. */
  let unreadMs = 30_000
  let run: (stream: SseStream) => Promise<void>
  before(async () => {
    const app = express()
    app.get('/', async (req, res) => {
      await run(new SseStream(req, res, { heartbeatMs: 20, unreadMs }))
    })
    server = await serveApi(app, { host: '127.0.0.1', port: 0 })
  })
  after(() => server?.close())

  const open = async (): Promise<Socket> => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return socket
  }

  it('says how soon to come back, and beats', async () => {
    run = async ({ gone }) => void (await once(gone, 'abort'))
    const leaving = new AbortController()
    const { body, headers } = await fetch(server.url, { signal: leaving.signal })
    assert.equal(headers.get('x-accel-buffering'), 'no')
    assert.equal(headers.get('cache-control'), 'no-store, no-cache, no-transform')
    let text = ''
    for await (const part of body!.pipeThrough(new TextDecoderStream() as never)) {
      text += part
      if (text.includes(': keep-alive\n\n: keep-alive\n\n')) break
    }
    assert.ok(text.startsWith('retry: 1000\n\n'), text)
    leaving.abort()
  })

  it('cuts off who does not read, and makes nothing for who is gone', async () => {
    unreadMs = 300
    let sent = 0
    const ended = new Promise<number>((resolve) => {
      run = async (stream) => {
        while (!stream.gone.aborted) {
          await stream.send({ event: 'x', data: MUCH })
          sent += 1
        }
        await stream.send({ event: 'x', data: MUCH })
        resolve(sent)
      }
    })
    const socket = await open()
    // It takes nothing: a paused socket leaves everything in the buffers of the system.
    socket.pause()
    assert.ok((await ended) < 50, 'it waited for the client')
    socket.destroy()
    unreadMs = 30_000
  })

  it('waits for who is slow, and loses nothing', async () => {
    run = async (stream) => {
      for (let i = 0; i < 20; i++) await stream.send({ event: 'x', data: MUCH, id: String(i) })
      stream.end()
    }
    const { body } = await fetch(server.url)
    let ids = ''
    let bytes = 0
    for await (const part of body!.pipeThrough(new TextDecoderStream() as never)) {
      const text = part as string
      bytes += text.length
      ids += /id: (\d+)/.exec(text)?.[0] ?? ''
      await new Promise(setImmediate)
    }
    assert.ok(bytes > 20 * MUCH.length)
    assert.ok(ids.endsWith('id: 19'), ids)
  })

  it('is over for a client that left before it began', async () => {
    const seen = new Promise<boolean>((resolve) => {
      run = async ({ gone }) => {
        if (!gone.aborted) await once(gone, 'abort')
        resolve(gone.aborted)
      }
    })
    const socket = await open()
    socket.destroy()
    assert.equal(await seen, true)
  })
})
