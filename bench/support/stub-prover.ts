/**
 * Provers that have their answer ready, in a process of their own, and beside them a bare Express proxy
 * to the first of them that does no work. Started by bench/api.ts; prints where it listens as one line.
 */
import { createServer, request } from 'node:http'
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
const proxy = await listen(bareProxy(provers[0]!.port))
process.stdout.write(`${JSON.stringify({ provers, proxy })}\n`)

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

function bareProxy(port: number) {
  const app = express()
  app.post('/v1/generate', (req, res) => {
    const { method, headers } = req
    const there = request({ host: '127.0.0.1', port, path: req.url, method, headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    there.once('error', () => res.destroy())
    req.pipe(there)
  })
  return createServer(app)
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
