import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { attemptResult } from '../../../activities/video/attempt-result.js'
import { isPrintable } from '../../../base/sanitize-text.js'
import { type Signer, sr25519Ready, verifyText } from '../../../base/sr25519.js'
import { answerText } from '../../../formats/answer.js'
import { framesSha256 } from '../../../formats/frames.js'
import {
  type AttemptOutcome,
  judgeChallengeOrAudit,
} from '../../../rules/judge/judge-challenge-or-audit.js'
import { REASONS } from '../../../rules/verdicts.js'
import { requestGeneration } from '../../../wire/client.js'
import type { RequestOutcome } from '../../../wire/outcome.js'
import { testSigner } from '../../chain/keys.js'
import {
  CLASS,
  GENESIS,
  honestScript,
  inOrder,
  MODEL_ROOT,
  rawFrames,
  type Script,
  TRACE_ROOT,
  VIDEO,
} from '../../wire/stub-prover.js'
import { drawAnswer, honestAnswer, streamAnswer } from './answers.js'
import { AT_ONCE, type Cases, runCases } from './cases.js'
import { HostileServer } from './hostile-server.js'
import { heldBytes } from './measure-memory.js'

const BODY = Buffer.from('{"request_id":"x"}')
const NETUID = 9
/** For those that go silent. */
const LIMITS = { connectMs: 2_000, firstRecordMs: 150, stallMs: 150, deadlineMs: 1_500 }
/** On two busy processors. */
const LONGEST_MS = 10_000
const HONEST_SHA256 = framesSha256(
  VIDEO,
  rawFrames().map((frame) => createHash('sha256').update(frame).digest()),
)

/** What the prover signed: the right answer, a wrong one (which is a cheat), or nothing of this. */
interface Signed {
  readonly stream: Buffer
  readonly by: 'honest' | 'cheat' | 'nobody'
}

export interface FuzzedAnswers {
  /** How often each verdict was given, with its reason. */
  readonly verdicts: Readonly<Record<string, number>>
  /** Most bytes that one connection took. */
  readonly mostBytes: number
  /** What is held at the end and was not at the beginning. */
  readonly grownBytes: number
}

/**
 * A hostile prover's answers, one after another, to the client that verifiers and inference workers ask with, up to the
 * verdict. Whatever comes has a verdict with its reason; none is a pass unless the frames are right and signed, and
 * nobody is called a cheat but for what its own key signed.
 */
export async function fuzzAnswers(cases: Cases): Promise<FuzzedAnswers> {
  await sr25519Ready()
  const [verifier, prover, other] = ['verifier', 'prover', 'other'].map(testSigner)
  const signed = signedStreams(verifier!, prover!, other!)
  const servers = await Promise.all(Array.from({ length: AT_ONCE }, () => HostileServer.start()))
  const verdicts: Record<string, number> = {}
  const before = heldBytes()
  try {
    await runCases(cases, async (draw, lane) => {
      const server = servers[lane]!
      const { stream, by } = draw.named(signed)
      const answering = streamAnswer(stream)
      const answer = draw.chance(10) ? honestAnswer(draw, answering) : drawAnswer(draw, answering)
      server.answer = () => answer
      const { outcome, frames } = await ask(server, verifier!, prover!)
      server.cut()
      const verdict = judged(outcome)
      assertSound(outcome, verdict, { by, frames, prover: prover!, verifier: verifier! })
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    })
    const grownBytes = heldBytes() - before
    return { verdicts, mostBytes: Math.max(...servers.map((each) => each.mostBytes)), grownBytes }
  } finally {
    await Promise.all(servers.map((server) => server.close()))
  }
}

function signedStreams(verifier: Signer, prover: Signer, other: Signer): Record<string, Signed> {
  const others = rawFrames().map((frame) => frame.map((byte) => byte ^ 1))
  const of = (script: Script, by: Signed['by']) => ({ stream: Buffer.concat(inOrder(script)), by })
  const honest = of(honestScript(prover, verifier.ss58, BODY), 'honest')
  return {
    ...Object.fromEntries(
      ['', ' too', ' as well', ' again'].map((more) => [`honest${more}`, honest]),
    ),
    'other frames': of(
      honestScript(
        prover,
        verifier.ss58,
        BODY,
        {},
        { video: VIDEO, frames: others.map(Buffer.from) },
      ),
      'cheat',
    ),
    'another trace': of(
      honestScript(prover, verifier.ss58, BODY, { traceRoot: '77'.repeat(32) }),
      'cheat',
    ),
    'by another': of(honestScript(other, verifier.ss58, BODY), 'nobody'),
    'for another': of(honestScript(prover, other.ss58, BODY), 'nobody'),
    'on another subnet': of(honestScript(prover, verifier.ss58, BODY, { netuid: 8 }), 'nobody'),
    'of another request': of(honestScript(prover, verifier.ss58, Buffer.from('{}')), 'nobody'),
  }
}

async function ask(
  { address }: HostileServer,
  signer: Signer,
  prover: Signer,
): Promise<{ outcome: RequestOutcome; frames: Buffer[] }> {
  const frames: Buffer[] = []
  const began = performance.now()
  const outcome = await requestGeneration({
    address,
    receiver: prover.ss58,
    signer,
    body: BODY,
    expected: VIDEO,
    terms: { genesisHash: GENESIS, netuid: NETUID },
    modelRoot: MODEL_ROOT,
    allowPrivate: true,
    mayVerify: () => true,
    onFrame: (_, rgb) => void frames.push(Buffer.from(rgb)),
    ...LIMITS,
  })
  const ms = performance.now() - began
  assert.ok(ms < LONGEST_MS, `it took ${Math.round(ms)} ms`)
  return { outcome, frames }
}

/** As the verifier's activities record it and as its rules judge it: `verdict: reason`. */
function judged(outcome: RequestOutcome): string {
  const result = attemptResult(outcome, { resent: false })
  const attempt: AttemptOutcome =
    result.outcome === 'success'
      ? {
          outcome: 'success',
          framesSha256: result.framesSha256!,
          traceRoot: result.traceRoot!,
          determinismClass: result.determinismClass!,
        }
      : { outcome: result.outcome, reason: result.reason }
  const judgement = judgeChallengeOrAudit({
    kind: 'challenge',
    attempt,
    prover: { determinismClass: CLASS, tier: 'silver' },
    truth: {
      framesSha256: HONEST_SHA256,
      traceRoot: TRACE_ROOT,
      confirmSha256: HONEST_SHA256,
      confirmTraceRoot: TRACE_ROOT,
      knownAnswerOk: true,
      determinismClass: CLASS,
    },
    cosinePpm: null,
    certificate: { exact: true },
    final: true,
  })
  return judgement === null ? 'none: refused' : `${judgement.verdict}: ${judgement.reason}`
}

interface Facts {
  readonly by: Signed['by']
  readonly frames: readonly Buffer[]
  readonly prover: Signer
  readonly verifier: Signer
}

function assertSound(outcome: RequestOutcome, verdict: string, facts: Facts): void {
  const [kind, reason] = verdict.split(': ')
  if (kind !== 'none') assert.ok(Object.hasOwn(REASONS, reason!), verdict)
  switch (kind) {
    case 'pass':
      assert.equal(sha256Of(facts.frames), HONEST_SHA256, 'only the right frames pass')
      assertSigned(outcome, facts)
      break
    case 'cheat':
      assert.equal(facts.by, 'cheat', `${verdict}: an honest prover is accused`)
      assertSigned(outcome, facts)
      break
    case 'none':
      assert.equal(outcome.kind, 'refused', verdict)
      break
    default:
      // No prover chooses that a failure of its own counts for nobody.
      assert.equal(kind, 'fail', verdict)
      assert.ok(!['cancelled', 'own_fault', 'own_clock', 'unreachable'].includes(reason!), verdict)
  }
  if (outcome.kind !== 'failed') return
  assert.ok(outcome.message !== '' && isPrintable(outcome.message), outcome.message)
  assert.ok(outcome.message.length <= 500, outcome.message)
}

function sha256Of(frames: readonly Buffer[]): string {
  return framesSha256(
    VIDEO,
    frames.map((frame) => createHash('sha256').update(frame).digest()),
  )
}

/** By the prover, over what it delivered. */
function assertSigned(outcome: RequestOutcome, { prover, verifier, frames }: Facts): void {
  assert.ok(outcome.kind === 'answered')
  const text = answerText({
    genesisHash: GENESIS,
    netuid: NETUID,
    verifier: verifier.ss58,
    prover: prover.ss58,
    bodySha256: createHash('sha256').update(BODY).digest('hex'),
    framesSha256: sha256Of(frames),
    traceRoot: outcome.traceRoot,
    determinismClass: outcome.determinismClass,
    modelRoot: MODEL_ROOT,
  })
  assert.ok(verifyText(prover.ss58, text, outcome.signature), 'signed by the prover')
}
