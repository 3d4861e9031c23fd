/**
 * Provers that have their answer ready, in a process of their own; beside them something that answers POST /v1/videos
 * at once as OpenAI would, and a bare Express proxy, to the first prover and to that, which does no work. Started by
 * api-grid.ts; prints where all of it listens as one line.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { encodeAddress, sr25519PairFromSeed, sr25519Sign } from '../../base/crypto.js'
import { type Signer, sr25519Ready } from '../../base/sr25519.js'
import { utf8 } from '../../formats/bytes.js'
import { sha256 } from '../../formats/sha256.js'
import { STREAM_MEDIA_TYPE } from '../../wire/limits.js'
import { stubDone, stubRecords } from './stub-video.js'

const [count, genesisHash, verifier] = process.argv.slice(2)
await sr25519Ready()
const { records, framesSha256 } = await stubRecords()
const beginning = Buffer.concat(records)

const provers = await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => {
    const pair = sr25519PairFromSeed(sha256(utf8(`fractal bench prover ${i}`)))
    const sign = (message: Uint8Array) => sr25519Sign(message, pair)
    const signer = { ss58: encodeAddress(pair.publicKey, 42), sign }
    return { hotkey: signer.ss58, port: await listen(prover(signer)) }
  }),
)
const openai = await listen(createServer(answerAsOpenAi))
const proxy = await listen(bareProxy(provers[0]!.port, openai))
process.stdout.write(`${JSON.stringify({ provers, openai, proxy })}\n`)
process.stdin.resume().once('end', () => process.exit())

function prover(signer: Signer) {
  return createServer(async (req, res) => {
    const body = Buffer.concat(await req.toArray())
    res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
    res.write(beginning)
    res.end(
      stubDone(signer, { genesisHash: genesisHash!, verifier: verifier!, body, framesSha256 }),
    )
  })
}

async function answerAsOpenAi(req: IncomingMessage, res: ServerResponse): Promise<void> {
  await req.toArray()
  const created_at = Math.floor(Date.now() / 1000)
  const video = { id: 'video_1', object: 'video', status: 'queued', model: 'sora-2', progress: 0 }
  res.writeHead(200, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify({ ...video, created_at, seconds: '4', size: '720x1280' }))
}

function bareProxy(prover: number, openai: number) {
  const app = express()
  const to = (port: number) => (req: express.Request, res: express.Response) => {
    const { method, headers } = req
    const there = request({ host: '127.0.0.1', port, path: req.url, method, headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    there.once('error', () => res.destroy())
    req.pipe(there)
  }
  app.post('/v1/generate', to(prover))
  app.post('/v1/videos', to(openai))
  return createServer(app)
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
