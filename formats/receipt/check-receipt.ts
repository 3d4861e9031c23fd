import { answerText } from '../answer.js'
import { btauthText } from '../btauth-text.js'
import { framesSha256 } from '../frames.js'
import { sha256, sha256Hex } from '../sha256.js'
import { type Asked, compareAsked } from './compare-asked.js'
import { type Finding, finding } from './finding.js'
import type { IsSignedBy, ReceiptTerms } from './receipt-terms.js'
import { compareTold } from './request-body.js'

/** One line of the text that the prover signed. */
export interface SignedLine extends Finding {
  readonly value: string
}

export interface ReceiptCheck {
  readonly holds: boolean
  readonly findings: readonly Finding[]
  readonly lines: readonly SignedLine[]
}

export interface ReceiptInput {
  readonly receipt: ReceiptTerms
  /** The raw frames as delivered, each height × width × RGB; null if not available. */
  readonly frames: readonly Uint8Array[] | null
  /** What the person asked for; null if unknown. */
  readonly asked: Asked | null
  readonly isSignedBy: IsSignedBy
}

/** Checks a receipt using only the given data: nobody is trusted, not even the server. */
export function checkReceipt({ receipt, frames, asked, isSignedBy }: ReceiptInput): ReceiptCheck {
  const { request, answer, prover, verifier } = receipt
  const bodySha256 = sha256Hex(request.body)
  const framesHash = frames === null ? answer.frames_sha256 : hashOf(receipt, frames)
  const rebuilt = rebuild(receipt, bodySha256, framesHash)
  const lines = signedLines(receipt, bodySha256, frames === null ? null : { hash: framesHash })
  const findings: Finding[] = [
    ...(asked === null ? [] : compareAsked(request.body, asked)),
    compareTold(receipt),
    finding(
      'verifier-signature',
      'The verifier sent it',
      isSignedBy(verifier, requestText(receipt, bodySha256), request.signature),
      'Its signature over this request, made out to this prover, verifies.',
      'Its signature over this request does not verify: it sent another one, or to another prover.',
    ),
    frames === null ? NO_FRAMES : framesFinding(frames.length, framesHash, answer.frames_sha256),
    finding(
      'signature',
      'The prover signed it',
      rebuilt !== null && isSignedBy(prover, rebuilt, answer.signature),
      'Its signature over the text below, rebuilt here line by line, verifies.',
      'Its signature does not verify over the text as it is rebuilt here.',
    ),
    finding(
      'signed-text',
      'The receipt shows the text that was signed',
      rebuilt === answer.signed_text,
      'The text in the receipt is the one rebuilt here.',
      'The text in the receipt is not the one rebuilt here.',
    ),
  ]
  const holds = [...findings, ...lines].every(({ found }) => found !== 'failed')
  return { holds, findings, lines }
}

const NO_FRAMES: Finding = {
  id: 'frames',
  what: 'The frames are the ones that were signed',
  found: 'signed',
  text: 'The frames are not here: their hash was signed, but no frame was compared with it.',
}

function framesFinding(count: number, here: string | null, signed: string): Finding {
  return finding(
    'frames',
    'The frames are the ones that were signed',
    here === signed,
    `All ${count} frames were hashed here, and give what was signed.`,
    here === null
      ? 'They are not of the number and size that the request asks for.'
      : 'Hashed here, they give a different hash: they were changed, or are from another video.',
  )
}

/** Null if they can't be of this video. */
function hashOf(receipt: ReceiptTerms, frames: readonly Uint8Array[]): string | null {
  const { width, height, num_frames: count } = receipt
  const size = width * height * 3
  if (frames.length !== count || frames.some((frame) => frame.length !== size)) return null
  return framesSha256({ width, height, frames: count }, frames.map(sha256))
}

/** The signed text, rebuilt from what was computed here; null if a part is not valid in it. */
function rebuild(
  receipt: ReceiptTerms,
  bodySha256: string,
  framesHash: string | null,
): string | null {
  try {
    return answerText({
      genesisHash: receipt.genesis_hash,
      netuid: receipt.netuid,
      verifier: receipt.verifier,
      prover: receipt.prover,
      bodySha256,
      framesSha256: framesHash ?? '',
      traceRoot: receipt.answer.trace_root,
      determinismClass: receipt.answer.determinism_class,
      modelRoot: receipt.answer.model_root,
    })
  } catch {
    return null
  }
}

/** The text that the verifier signed (Bittensor's btauth/1), as the prover received it. */
function requestText({ request, verifier, prover }: ReceiptTerms, bodySha256: string): string {
  return btauthText({
    method: 'POST',
    target: '/v1/generate',
    bodySha256,
    nonce: request.nonce,
    sender: verifier,
    receiver: prover,
  })
}

/** The ten lines, each with what can be verified about it here. */
function signedLines(
  receipt: ReceiptTerms,
  bodySha256: string,
  frames: { readonly hash: string | null } | null,
): SignedLine[] {
  const { request, answer } = receipt
  const classHash = sha256Hex(answer.determinism_class)
  const modelOfClass = /;model=([0-9a-f]{64});/.exec(answer.determinism_class)?.[1]
  const signed = (id: string, what: string, value: string, text: string): SignedLine => ({
    id,
    what,
    value,
    found: 'signed',
    text,
  })
  const checked = (
    id: string,
    what: string,
    value: string,
    ok: boolean,
    good: string,
    bad: string,
  ): SignedLine => ({ ...finding(id, what, ok, good, bad), value })
  return [
    signed('format', 'Format', 'fractal-answer/1', 'what this text is'),
    signed('genesis', 'Chain', receipt.genesis_hash, 'hash of its first block'),
    signed('netuid', 'Subnet', String(receipt.netuid), 'its number'),
    signed(
      'verifier',
      'Verifier',
      receipt.verifier,
      'who asked; its own signature is checked above',
    ),
    signed('prover', 'Prover', receipt.prover, 'who answered; its signature is checked above'),
    checked(
      'body',
      'Request',
      request.body_sha256,
      bodySha256 === request.body_sha256,
      'the request below, hashed here, gives it',
      'the request below, hashed here, gives a different hash',
    ),
    frames === null
      ? signed('frames_sha256', 'Frames', answer.frames_sha256, 'the hash over all frames')
      : checked(
          'frames_sha256',
          'Frames',
          answer.frames_sha256,
          frames.hash === answer.frames_sha256,
          'the frames, hashed here, give it',
          'the frames, hashed here, give a different hash',
        ),
    signed(
      'trace',
      'Trace root',
      answer.trace_root,
      'each denoising step; the verifier’s spot checks open it',
    ),
    checked(
      'class',
      'Determinism class',
      answer.class_sha256,
      classHash === answer.class_sha256,
      'the class, hashed here, gives it',
      'the class, hashed here, gives a different hash',
    ),
    checked(
      'model',
      'Model root',
      answer.model_root,
      modelOfClass === answer.model_root,
      'the model that the class names',
      'the class names another model',
    ),
  ]
}
