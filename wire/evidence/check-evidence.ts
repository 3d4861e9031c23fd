import { createHash } from 'node:crypto'
import { verifyText } from '../../base/sr25519.js'
import { answerText } from '../../formats/answer.js'
import { btauthText } from '../../formats/btauth-text.js'
import { fromHex, toHex } from '../../formats/bytes.js'
import { parseDeterminismClass } from '../../formats/determinism-class.js'
import { evidenceHash, evidenceText } from '../../formats/evidence.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { type Finding, finding } from '../../formats/receipt/finding.js'
import { REASONS } from '../../rules/verdicts.js'
import { WireError } from '../error.js'
import { inflateFrame } from '../frame-codec.js'
import { decodeBody } from '../generation-body.js'
import type { Evidence, SpotCheckEvidence, WholeEvidence } from './evidence-schema.js'
import {
  claimedDigests,
  digestOfState,
  judgeOpened,
  judgeWhole,
  listedDigests,
  requestParams,
  statesOf,
} from './judged-again.js'

/**
 * Checks evidence of a cheat by itself: whether the accused signed what it is accused of, and whether the
 * verdict follows from the rules. What the verifier computed is only covered by its signature: recomputing it
 * is up to the caller. Await `sr25519Ready` first.
 */
export async function checkEvidence(evidence: Evidence): Promise<Finding[]> {
  const { request, answer, prover, verifier } = evidence
  const bodySha256 = createHash('sha256').update(request.body).digest('hex')
  const params = paramsOf(evidence)
  const requested = { method: 'POST', target: '/v1/generate', bodySha256, nonce: request.nonce }
  const answered = answerText({
    genesisHash: evidence.genesis_hash,
    netuid: evidence.netuid,
    verifier,
    prover,
    bodySha256,
    framesSha256: answer.frames_sha256,
    traceRoot: answer.trace_root,
    determinismClass: answer.determinism_class,
    modelRoot: answer.model_root,
  })
  const modelOfClass = parseDeterminismClass(answer.determinism_class)?.modelRoot
  return [
    finding(
      'signature',
      'The verifier made this file',
      verifyText(verifier, evidenceText(evidenceHash(evidence)), evidence.signature),
      'Its signature over all of it verifies.',
      'Its signature does not verify: something in it was changed, or somebody else made it.',
    ),
    finding(
      'request',
      'The request is one',
      params !== null,
      'It is the JSON of a generation, under the id that the file names.',
      'It is not the JSON of a generation, or has another id than the file names.',
    ),
    finding(
      'request-signature',
      'The verifier sent it',
      verifyText(
        verifier,
        btauthText({ ...requested, sender: verifier, receiver: prover }),
        request.signature,
      ),
      'Its signature over the request, made out to this prover, verifies.',
      'Its signature over the request does not verify: it sent another one, or to another prover.',
    ),
    finding(
      'answer-signature',
      'The accused signed the answer',
      verifyText(prover, answered, answer.signature),
      'Its signature over request, frames, trace, class and model verifies.',
      'Its signature does not verify over this request, frames, trace, class and model.',
    ),
    finding(
      'model',
      'Its class is of this model',
      modelOfClass === answer.model_root,
      'The class names the model root that was signed.',
      'The class names another model root than was signed.',
    ),
    ...(params === null ? [] : await checkParts(evidence, params)),
  ]
}

/** Null if the body is not a request, or a different one. */
function paramsOf(evidence: Evidence): GenerationParams | null {
  try {
    const body = decodeBody(Buffer.from(evidence.request.body))
    return body.request_id === evidence.request_id ? requestParams(evidence) : null
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}

async function checkParts(evidence: Evidence, params: GenerationParams): Promise<Finding[]> {
  const findings =
    evidence.kind === 'spotcheck'
      ? await checkOpened(evidence, params)
      : await checkWhole(evidence, params)
  const judgement =
    evidence.kind === 'spotcheck' ? judgeOpened(evidence, params) : judgeWhole(evidence)
  const { reason } = evidence
  return [
    ...findings,
    finding(
      'verdict',
      'The verdict follows',
      judgement?.verdict === 'cheat' && judgement.reason === reason,
      `The rules give it: ${REASONS[reason]}.`,
      judgement === null
        ? 'The rules give no verdict on this.'
        : `The rules give ${judgement.verdict} (${judgement.reason}), not a cheat by ${reason}.`,
    ),
    {
      id: 'recomputed',
      what: 'What the verifier computed',
      found: 'signed',
      text: 'Computed twice, along with known answers, according to its signed statement. A machine of the same class can recompute it: --recompute.',
    },
  ]
}

async function checkOpened(
  evidence: SpotCheckEvidence,
  params: GenerationParams,
): Promise<Finding[]> {
  const list = listedDigests(evidence, params)
  const { opened, answer } = evidence
  if (list === null) {
    const text = 'Their number does not fit the request, or the step or the frame is out of range.'
    return [
      { id: 'digests', what: 'The digests are those that were signed', found: 'failed', text },
    ]
  }
  const claimed = claimedDigests(evidence, params, list)
  return [
    finding(
      'digests',
      'The digests are those that were signed',
      claimed.traceRoot === answer.trace_root,
      `The list of ${params.steps + 1} states and ${params.frames} frames hashes to the trace root that was signed.`,
      'The list hashes to another trace root than was signed.',
    ),
    statesFinding(evidence, claimed),
    ...(opened.sent_frame === null
      ? []
      : [
          finding(
            'sent-frame',
            'The frame is the one that was sent',
            (await frameDigest(opened.sent_frame, params)) === claimed.frame,
            'Hashed here it gives its digest in the list.',
            'Hashed here it does not give its digest in the list.',
          ),
        ]),
  ]
}

function statesFinding(
  evidence: SpotCheckEvidence,
  claimed: ReturnType<typeof claimedDigests>,
): Finding {
  const what = 'The states are those that were signed'
  if (evidence.opened.states === null) {
    const text =
      'They are not in this file, which would be too large with them: recomputing the whole request shows the same.'
    return { id: 'states', what, found: 'open', text }
  }
  const states = statesOf(evidence)
  const wrong =
    states === null
      ? ['states']
      : (['before', 'after', 'final'] as const).filter(
          (name) => digestOfState(states[name]) !== claimed[name],
        )
  return finding(
    'states',
    what,
    wrong.length === 0,
    'Those before and after the step, and the final one, hash to their digests in the list.',
    `They do not hash to their digests in the list: ${wrong.join(', ')}.`,
  )
}

async function checkWhole({ truth, answer }: WholeEvidence, params: GenerationParams) {
  if (truth.sent_frames === null) return []
  const digests = await Promise.all(truth.sent_frames.map((zlib) => frameDigest(zlib, params)))
  const isWhole = digests.length === params.frames && digests.every((digest) => digest !== null)
  const hash = isWhole
    ? framesSha256(
        params,
        digests.map((digest) => fromHex(digest!)),
      )
    : null
  return [
    finding(
      'sent-frames',
      'The frames are those that were sent',
      hash === answer.frames_sha256,
      'Hashed here they give what was signed.',
      'Hashed here they do not give what was signed.',
    ),
  ]
}

/** Null if it is not a frame of this size. */
async function frameDigest(
  base64: string,
  { width, height }: GenerationParams,
): Promise<string | null> {
  try {
    const rgb = await inflateFrame(Buffer.from(base64, 'base64'), 3 * width * height)
    return toHex(createHash('sha256').update(rgb).digest())
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
}
