import assert from 'node:assert/strict'
import { isPrintable } from '../../../base/sanitize-text.js'
import { type Signer, sr25519Ready } from '../../../base/sr25519.js'
import { askAboutClock } from '../../../wire/ask-about-clock.js'
import { WireError } from '../../../wire/error.js'
import { fetchInfo } from '../../../wire/info.js'
import { requestOpening } from '../../../wire/open.js'
import { proverInfoSchema } from '../../../wire/schemas.js'
import { encodeRecord } from '../../../wire/stream.js'
import { noAnswerOf, postWebhook } from '../../../wire/webhook-client.js'
import { testSigner } from '../../chain/keys.js'
import { CLASS, MODEL_ROOT } from '../../wire/stub-prover.js'
import { type Answering, drawAnswer, honestAnswer, jsonAnswer, streamAnswer } from './answers.js'
import { AT_ONCE, type Cases, runCases } from './cases.js'
import { HostileServer } from './hostile-server.js'
import { heldBytes } from './measure-memory.js'

const DEADLINE_MS = 400
/** On two busy processors. */
const LONGEST_MS = 10_000
const REQUEST_ID = '00000000-0000-4000-8000-000000000001'
const STATE_BYTES = 96
const SHAPE = { steps: 3, frames: 2 }
const DIGESTS = 32 * (SHAPE.steps + 1 + SHAPE.frames)

const INFO = {
  versions: { fractal: '0.0.0' },
  hotkey: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
  model: 'fake',
  model_root: MODEL_ROOT,
  determinism_class: CLASS,
  software: { fake: '1' },
  gpus: 1,
  capacity: 2,
  queue_length: 0,
}
const OPENING = Buffer.concat([
  encodeRecord({ type: 'digests', ...SHAPE }, Buffer.alloc(DIGESTS, 1)),
  encodeRecord({ type: 'state_before', step: 1 }, Buffer.alloc(STATE_BYTES, 2)),
  encodeRecord({ type: 'state_after', step: 2 }, Buffer.alloc(STATE_BYTES, 3)),
  encodeRecord({ type: 'final_latents', step: 3 }, Buffer.alloc(STATE_BYTES, 4)),
])
const REFUSAL = { error: { code: 'unknown_request', message: 'you have no answer under this id' } }

type Address = HostileServer['address']

interface Reader {
  readonly answering: Answering
  /** What is read of an answer, in a word. */
  read(address: Address, keys: { verifier: Signer; prover: Signer }): Promise<string>
}

const READERS: Readonly<Record<string, Reader>> = {
  '/v1/info': {
    answering: jsonAnswer(INFO),
    read: async (address) => {
      const info = await fetchInfo({ address, allowPrivate: true, deadlineMs: DEADLINE_MS })
      assert.ok(proverInfoSchema.safeParse(info).success)
      return 'read'
    },
  },
  'an opening': {
    answering: streamAnswer(OPENING),
    read: async (address, { verifier: signer, prover }) => {
      const outcome = await requestOpening({
        ...{ address, signer, receiver: prover.ss58, requestId: REQUEST_ID, step: 2, frame: 1 },
        ...{ expected: SHAPE, allowPrivate: true, deadlineMs: DEADLINE_MS },
        stateBytes: () => STATE_BYTES,
      })
      if (outcome.kind === 'opened') {
        const { stateBefore, stateAfter, finalLatents, ...digests } = outcome.opening
        for (const state of [stateBefore, stateAfter, finalLatents]) {
          assert.equal(state.length, STATE_BYTES)
        }
        const counts = [digests.stepDigests.length, digests.frameDigests.length]
        assert.deepEqual(counts, [SHAPE.steps + 1, SHAPE.frames])
        return 'opened'
      }
      assert.ok(isPrintable(outcome.message), outcome.message)
      return outcome.kind === 'refused' ? 'refused' : outcome.reason
    },
  },
  'a clock': {
    answering: jsonAnswer(REFUSAL),
    read: async (address, { verifier: signer, prover }) => {
      const receiver = prover.ss58
      const word = await askAboutClock({ address, signer, receiver, allowPrivate: true })
      assert.ok(['accepted', 'stale', 'silent'].includes(word))
      return word
    },
  },
  'a webhook': {
    answering: jsonAnswer({ thanks: true }),
    read: async ({ ip, port }) => {
      const { status, retryAfterMs } = await postWebhook({
        url: `http://${ip}:${port}/hook?secret=1`,
        headers: {},
        body: Buffer.from('{}'),
        allowPrivate: true,
        deadlines: { wholeMs: DEADLINE_MS, bodyMs: 50 },
      })
      assert.ok(status >= 100 && status <= 999 && (retryAfterMs ?? 1) > 0)
      return 'answered'
    },
  },
}

export interface FuzzedReaders {
  /** How often each was read in which way. */
  readonly found: Readonly<Record<string, number>>
  /** Most bytes that one connection took. */
  readonly mostBytes: number
  /** What is held at the end and was not at the beginning. */
  readonly grownBytes: number
}

/** Hostile answers, one after another, to all else that verifiers, inference workers and webhooks ask of strangers. */
export async function fuzzReaders(cases: Cases): Promise<FuzzedReaders> {
  await sr25519Ready()
  const keys = { verifier: testSigner('verifier'), prover: testSigner('prover') }
  const servers = await Promise.all(Array.from({ length: AT_ONCE }, () => HostileServer.start()))
  const found: Record<string, number> = {}
  const before = heldBytes()
  try {
    await runCases(cases, async (draw, lane) => {
      const server = servers[lane]!
      const { answering, read } = draw.named(READERS)
      const answer = draw.chance(10) ? honestAnswer(draw, answering) : drawAnswer(draw, answering)
      server.answer = () => answer
      const began = performance.now()
      const word = await read(server.address, keys).catch(wordOf)
      server.cut()
      const ms = performance.now() - began
      assert.ok(ms < LONGEST_MS, `it took ${Math.round(ms)} ms`)
      const name = `${draw.notes[0]}: ${word}`
      found[name] = (found[name] ?? 0) + 1
    })
    const grownBytes = heldBytes() - before
    return { found, mostBytes: Math.max(...servers.map((each) => each.mostBytes)), grownBytes }
  } finally {
    await Promise.all(servers.map((server) => server.close()))
  }
}

/** Of an error that the reader is to throw; others are rethrown. */
function wordOf(error: unknown): string {
  if (!(error instanceof WireError)) throw error
  assert.ok(isPrintable(error.message) && !error.message.includes('secret'), error.message)
  assert.ok(error.message.length <= 500, error.message)
  return noAnswerOf(error.code)
}
