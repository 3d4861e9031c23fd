/**
 * What the wire costs: requestGeneration against a prover that has its answer ready (so neither model nor
 * queue is measured) and sends it as provers do, beside a bare node:http exchange of the same byte counts in the same run; and bittensor's own
 * dendrite and axon with as many bytes, where there is Python.
 * Run: npm run bench -- wire [--rounds 300]
 */
import { createHash, randomBytes } from 'node:crypto'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeAddress, sr25519PairFromSeed, sr25519Sign } from '../base/crypto.js'
import { signText, sr25519Ready } from '../base/sr25519.js'
import { answerText } from '../formats/answer.js'
import { framesSha256 } from '../formats/frames.js'
import { pieceAt, sendStream } from '../prover/http.js'
import { requestGeneration } from '../wire/client.js'
import { deflateFrame } from '../wire/frame-codec.js'
import { STREAM_MEDIA_TYPE } from '../wire/limits.js'
import { encodeRecord } from '../wire/stream.js'
import { measureBittensor } from './support/bittensor.js'
import { report, reportLeftOut } from './support/figures.js'
import { quantile, timed } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const VIDEO = { width: 64, height: 64, frames: 16, steps: 12 }
const TERMS = { genesisHash: '11'.repeat(32), netuid: 1 }
const MODEL_ROOT = '22'.repeat(32)
const CLASS = `fc2;engine=bench/1;model=${MODEL_ROOT};ep=cpu;device=x64-avx2;fingerprint=${'44'.repeat(32)}`
/** Rounds that warm the compiler up. */
const WARMING = 50
const BODY = Buffer.from(JSON.stringify({ request_id: 'bench', query: 'x'.repeat(400) }))

const { rounds, peers } = benchOptions('wire')

await sr25519Ready()
const [verifier, prover] = [1, 2].map((seed) => {
  const pair = sr25519PairFromSeed(new Uint8Array(32).fill(seed))
  const sign = (message: Uint8Array) => sr25519Sign(message, pair)
  return { ss58: encodeAddress(pair.publicKey, 42), sign }
})

const answer = await honestAnswer()
const server = await listen(
  createServer((req, res) => {
    req.resume().once('end', () => {
      res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
      void sendStream(res, pieces())
    })
  }),
)
const bytes = Buffer.concat(answer)
const echo = await listen(
  createServer((req, res) => {
    req.resume().once('end', () => res.end(bytes))
  }),
)

const asked: number[] = []
const bare: number[] = []
/** Of a processor, both sides and all threads: what others do on the machine does not change it. */
const spent = { asked: 0, bare: 0 }
for (let i = -WARMING; i < rounds; i++) {
  const from = cpuMs()
  const a = await timed(ask)
  const between = cpuMs()
  const b = await timed(exchange)
  if (i < 0) continue
  asked.push(a)
  bare.push(b)
  spent.asked += between - from
  spent.bare += cpuMs() - between
}
console.log(`answer: ${bytes.length} bytes, ${VIDEO.frames} frames of noise; ${rounds} rounds`)
for (const [name, share] of [
  ['p50', 0.5],
  ['p99', 0.99],
] as const) {
  report(`signed round trip, ${name}`, quantile(asked, share), 'ms', {
    beside: ['a bare HTTP exchange of the same bytes', quantile(bare, share)],
    ...(name === 'p50' ? { goal: { of: 'ratio', most: 3 } } : {}),
  })
}
report('signed round trip, of a processor', spent.asked / rounds, 'ms', {
  beside: ['a bare HTTP exchange of the same bytes', spent.bare / rounds],
})
const bittensor =
  peers === 0 ? { missing: '--peers 0' } : await measureBittensor(rounds, bytes.length)
if ('missing' in bittensor) reportLeftOut('dendrite and axon', bittensor.missing)
else {
  const { version, signed_p50, signed_p99, bare_p50, bare_p99 } = bittensor
  const name = `bittensor ${version}, dendrite and axon`
  report(`${name}, p50`, signed_p50, 'ms', { beside: ['aiohttp alone', bare_p50] })
  report(`${name}, p99`, signed_p99, 'ms', { beside: ['aiohttp alone', bare_p99] })
  report('signed round trip, p50, beside theirs', quantile(asked, 0.5), 'ms', {
    beside: [name, signed_p50],
  })
}
server.close()
echo.close()

async function ask(): Promise<void> {
  const outcome = await requestGeneration({
    address: { ip: '127.0.0.1', port: portOf(server) },
    receiver: prover!.ss58,
    signer: verifier!,
    body: BODY,
    expected: VIDEO,
    terms: TERMS,
    modelRoot: MODEL_ROOT,
    allowPrivate: true,
    mayVerify: () => false,
    deadlineMs: 10_000,
  })
  if (outcome.kind !== 'answered') throw new Error(JSON.stringify(outcome))
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The records, as a watcher of a generation gets those that are there together. */
async function* pieces(): AsyncGenerator<Buffer> {
  for (let i = 0; i < answer.length; ) {
    const { count, bytes } = pieceAt(answer, i)
    i += count
    yield bytes
  }
}

/** One connection each, as requestGeneration does. */
function exchange(): Promise<void> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false })
    const to = { host: '127.0.0.1', port: portOf(echo), method: 'POST', agent }
    const req = request(to, (res) => res.resume().once('end', resolve))
    req.once('error', reject)
    req.end(BODY)
  })
}

async function honestAnswer(): Promise<Buffer[]> {
  const { width, height, frames, steps } = VIDEO
  const raw = Array.from({ length: frames }, () => randomBytes(width * height * 3))
  const digests = raw.map((frame) => createHash('sha256').update(frame).digest())
  const done = {
    frames_sha256: framesSha256(VIDEO, digests),
    trace_root: '33'.repeat(32),
    determinism_class: CLASS,
  }
  const text = answerText({
    ...TERMS,
    verifier: verifier!.ss58,
    prover: prover!.ss58,
    bodySha256: createHash('sha256').update(BODY).digest('hex'),
    framesSha256: done.frames_sha256,
    traceRoot: done.trace_root,
    determinismClass: CLASS,
    modelRoot: MODEL_ROOT,
  })
  const bodies = await Promise.all(raw.map(deflateFrame))
  return [
    encodeRecord({ type: 'accepted', position: 0, warnings: [] }),
    ...Array.from({ length: steps }, (_, i) =>
      encodeRecord({ type: 'progress', step: i + 1, steps }),
    ),
    ...bodies.map((body, j) => encodeRecord({ type: 'frame', index: j + 1 }, body)),
    encodeRecord({
      type: 'done',
      ...done,
      timings: { text_us: 0, denoise_us: 0, decode_us: 0, total_us: 0 },
      signature: signText(prover!, text),
    }),
  ]
}

function listen(on: Server): Promise<Server> {
  return new Promise((resolve) => on.listen(0, '127.0.0.1', () => resolve(on)))
}

function portOf(on: Server): number {
  return (on.address() as AddressInfo).port
}
