import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { isPrintable } from '../../../base/sanitize-text.js'
import type { GenerationBody } from '../../../formats/generation.js'
import { fetchInfo } from '../../../wire/info.js'
import { testSigner } from '../../chain/keys.js'
import { FakeGenerator } from '../../prover/fake-generator.js'
import { type Site, withSite } from '../../prover/site.js'
import { until } from '../until.js'
import { type Cases, runCases } from './cases.js'
import { heldBytes } from './measure-memory.js'
import { type Asking, drawRequest } from './requests.js'

const TIMEOUTS = { headersMs: 300, requestMs: 600 }
/** On two busy processors. */
const LONGEST_MS = 10_000
/** Everything that a prover says; the last ones are Node's own. */
const STATUSES = [200, 204, 400, 401, 403, 404, 405, 408, 409, 410, 413, 417, 429, 431]
/** Answers of pino's levels warn and above. */
const WARN = 40

export interface FuzzedRequests {
  /** How often each status and code was answered; `none`: the connection was closed. */
  readonly answers: Readonly<Record<string, number>>
  /** What is held at the end and was not at the beginning. */
  readonly grownBytes: number
}

/**
 * Hostile callers and strangers, one after another, at a real prover. Whatever they send is answered or cut off in time,
 * never by a failure of the prover; nothing is generated but what a registered caller signed, and each signed request at
 * most once. Afterwards an honest verifier is served.
 */
export async function fuzzRequests(cases: Cases): Promise<FuzzedRequests> {
  const generator = new FakeGenerator()
  const answers: Record<string, number> = {}
  let grownBytes = 0
  await withSite({ generator, gpus: 8, timeouts: TIMEOUTS }, async (site) => {
    const asking = askers(site)
    /** How often each was signed: nothing may be generated more often. */
    const prompts = new Map<string, number>()
    const before = heldBytes()
    await runCases(cases, async (draw) => {
      const request = drawRequest(draw, asking)
      const prompt = promptOf(request.signedBody)
      if (prompt !== null) count(prompts, prompt)
      const sending = Array.from({ length: request.copies }, () => send(site, request.pieces))
      const said = (await Promise.all(sending)).map(summary)
      // What came too slowly, on a busy machine, is not looked at.
      const inTime = said.filter((each) => each !== '408')
      for (const each of said) answers[each] = (answers[each] ?? 0) + 1
      for (const each of inTime) if (request.expected !== null) assert.match(each, request.expected)
      const fresh = inTime.filter((each) => each !== '401 replayed').length
      const isOnce = fresh === 1 || (fresh === 0 && inTime.length < said.length)
      assert.ok(request.copies === 1 || isOnce, `sent ${request.copies} times: ${said}`)
    })
    grownBytes = heldBytes() - before
    const generated = new Map<string, number>()
    for (const prompt of generator.began) count(generated, prompt)
    for (const [prompt, times] of generated) {
      const signed = prompts.get(prompt) ?? 0
      assert.ok(times <= signed, `generated ${times} times, signed ${signed} times: ${prompt}`)
    }
    assertCalm(site)
    await assertServes(site)
  })
  return { answers, grownBytes }
}

function count(counts: Map<string, number>, one: string): void {
  counts.set(one, (counts.get(one) ?? 0) + 1)
}

function askers(site: Site): Asking {
  const [verifier, registered, stranger] = ['verifier', 'registered', 'stranger'].map(testSigner)
  site.callers.set(verifier!.ss58, { validatorPermit: true, stakeRao: 1000n })
  site.callers.set(registered!.ss58, { validatorPermit: false, stakeRao: 10n ** 20n })
  return {
    callers: [verifier!, registered!],
    stranger: stranger!,
    receiver: site.receiver,
    body: () => {
      const body = site.body({ deadline_ms: 2_000 })
      return { ...body, query: `prompt ${body.request_id}` }
    },
  }
}

/** Null for a body that is no request. */
function promptOf(body: Buffer | null): string | null {
  try {
    // As a prover reads it: a byte order mark is passed over.
    const text = new TextDecoder().decode(body ?? undefined)
    return (JSON.parse(text) as GenerationBody).query
  } catch {
    return null
  }
}

/** All that comes back until the prover closes the connection. */
async function send(site: Site, pieces: readonly Buffer[]): Promise<Buffer> {
  const began = performance.now()
  const socket = connect({ port: site.prover.port, host: '127.0.0.1', noDelay: true })
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  // The prover may cut it while we write: that is an answer too.
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await once(socket, 'connect')
  for (const piece of pieces) {
    socket.write(piece)
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve))
  }
  await closed
  const ms = performance.now() - began
  assert.ok(ms < LONGEST_MS, `it was not closed for ${Math.round(ms)} ms`)
  return Buffer.concat(parts)
}

/** Status and code of the first answer. */
function summary(bytes: Buffer): string {
  if (bytes.length === 0) return 'none'
  const final = bytes.toString().replace(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+/, '')
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(final) ?? []
  assert.ok(STATUSES.includes(Number(status)), final.slice(0, 300))
  const [head = '', body = ''] = final.split('\r\n\r\n')
  if (!/^content-type: application\/json/im.test(head) || body === '') return `${status}`
  if (Number(status) === 200) return '200 json'
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1])
  const { error } = JSON.parse(Buffer.from(body).toString('utf8', 0, length)) as {
    error: { code: string; message: string }
  }
  assert.match(error.code, /^[a-z_]+$/)
  assert.ok(isPrintable(error.message) && error.message.length <= 500, error.message)
  return `${status} ${error.code}`
}

/** Nothing that a caller sends is a fault of the prover's, or worth waking its operator for. */
function assertCalm({ logged }: Site): void {
  const loud = logged.filter((line) => (JSON.parse(line) as { level: number }).level >= WARN)
  assert.deepEqual(loud, [])
}

async function assertServes(site: Site): Promise<void> {
  await until('nothing to be in flight', async () => {
    const info = await fetchInfo({ address: site.address, allowPrivate: true })
    return info.queue_length === 0
  })
  const outcome = await site.ask(site.body())
  assert.equal(outcome.kind, 'answered')
}
