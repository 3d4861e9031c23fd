import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { signText } from '../../base/sr25519.js'
import { canonicalJson } from '../../formats/canonical-json.js'
import { EVIDENCE_VERSION, evidenceHash, evidenceText } from '../../formats/evidence.js'
import type { CertificateRow } from '../../ledger/judging/certificates.js'
import { type NewEvidence, wholeEvidence } from '../../ledger/judging/evidence.js'
import { groundTruthsOf } from '../../ledger/judging/ground-truths.js'
import { openedSpotCheck, spotChecksOf } from '../../ledger/judging/spot-checks.js'
import type { NewVerdict } from '../../ledger/judging/verdicts.js'
import { intervalProvers } from '../../ledger/provers/provers.js'
import { type AttemptRow, attemptsById } from '../../ledger/requests/attempts.js'
import { getFrames } from '../../ledger/requests/frames.js'
import type { RecomputedDigests } from '../../rules/judge/judge-spot-check.js'
import { EVIDENCE_PARTS_MAX_BYTES, evidenceSchema } from '../../wire/evidence/evidence-schema.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { exactness } from './spot-check-judgement.js'

/**
 * Files with states or frames per prover and interval: the other cheats can be verified by recomputing the
 * whole request.
 */
const WHOLE_FILES = 4
/** Maximum total size of files stored at once, because they are in memory together. */
const WHOLE_BYTES = 256 * 1024 * 1024
const compress = promisify(gzip)

type Deps = VerifierDeps & {
  /** The certificates that the verdicts are based on. */
  readonly certificates: readonly CertificateRow[]
}

/**
 * The signed evidence of the cheats among verdicts that are about to be stored. Evidence that can't be built
 * (the request was sent by a version that kept no signature) is left out, and logged.
 */
export async function buildEvidence(
  deps: VerifierDeps,
  n: number,
  verdicts: readonly NewVerdict[],
  certificates: readonly CertificateRow[],
): Promise<NewEvidence[]> {
  const cheats = verdicts.filter(({ verdict }) => verdict === 'cheat')
  if (cheats.length === 0) return []
  const kept = await wholeEvidence(deps.db, deps.id, n)
  const files: NewEvidence[] = []
  let bytes = 0
  for (const cheat of cheats) {
    const already = kept.get(cheat.hotkey) ?? 0
    const withParts = already < WHOLE_FILES && bytes < WHOLE_BYTES
    const made = await buildOne({ ...deps, certificates }, n, cheat, withParts)
    if (made === null) {
      deps.log.warn({ n, requestId: cheat.requestId }, 'a cheat has no evidence')
      continue
    }
    if (made.whole) kept.set(cheat.hotkey, already + 1)
    bytes += made.gzip.length
    files.push(made)
  }
  return files
}

async function buildOne(
  deps: Deps,
  n: number,
  cheat: NewVerdict,
  withParts: boolean,
): Promise<NewEvidence | null> {
  const { requestId, kind, hotkey } = cheat
  const [attempt] = await attemptsById(deps.db, [requestId])
  if (attempt === undefined) return null
  const found =
    kind === 'spotcheck'
      ? await openedPart(deps, attempt, withParts)
      : await truthPart(deps, n, attempt, withParts)
  if (found === null) return null
  const { whole, ...part } = found
  const unsigned = { ...commonPart(deps, n, cheat, attempt), ...part }
  const sha256 = evidenceHash(unsigned)
  const evidence = { ...unsigned, signature: signText(deps.signer, evidenceText(sha256)) }
  // Without a signature nobody could verify it: an older version stored none for the requests that it sent.
  if (!evidenceSchema.safeParse(evidence).success) return null
  return {
    ...{ requestId, kind, hotkey, sha256, whole },
    ofUser: attempt.kind === 'inference' || attempt.promptSha256 !== null,
    gzip: await compress(canonicalJson(evidence), { level: 1 }),
  }
}

function commonPart(
  { id, chain }: VerifierDeps,
  n: number,
  { kind, reason, registeredBlock }: NewVerdict,
  attempt: AttemptRow,
) {
  return {
    version: EVIDENCE_VERSION,
    genesis_hash: chain.genesisHash,
    netuid: id.netuid,
    verifier: id.verifier,
    prover: attempt.hotkey,
    registered_block: registeredBlock,
    interval: n,
    request_id: attempt.requestId,
    kind,
    reason,
    request: {
      body: new TextDecoder().decode(attempt.body),
      nonce: attempt.requestNonce,
      signature: attempt.requestSignature,
    },
    answer: {
      frames_sha256: attempt.framesSha256,
      trace_root: attempt.traceRoot,
      determinism_class: attempt.determinismClass,
      model_root: attempt.modelRoot,
      signature: attempt.signature,
    },
  }
}

async function openedPart(deps: Deps, attempt: AttemptRow, withParts: boolean) {
  const { db } = deps
  const { requestId } = attempt
  const [row] = await spotChecksOf(db, [requestId])
  const opened = await openedSpotCheck(db, requestId)
  if (!row?.facts || !row.confirmation || opened === null) return null
  const { exact, tolerance } = comparisonOf(deps, row.determinismClass)
  const parts = [opened.stateBefore, opened.stateAfter, opened.finalLatents]
  const whole = withParts && sizeOf(parts) <= EVIDENCE_PARTS_MAX_BYTES
  const [before, after, final] = parts.map(base64)
  const { recomputed } = row.facts
  const compared = !exact && recomputed.frame !== row.facts.claimed.frame
  const [sent] = compared ? await getFrames(db, requestId, { from: row.frame, limit: 1 }) : []
  return {
    whole,
    exact,
    opened: {
      step: row.step,
      frame: row.frame,
      digests: base64(opened.digests),
      states: whole ? { before: before!, after: after!, final: final! } : null,
      sent_frame: whole && sent?.index === row.frame ? base64(sent.zlib) : null,
      tolerance: exact ? null : tolerance && { step: tolerance.step, frame: tolerance.frame },
      recomputed: told(recomputed),
      confirmation: {
        recomputed: told(row.confirmation.recomputed),
        known_answer_ok: row.confirmation.knownAnswerOk,
      },
    },
  }
}

async function truthPart(deps: Deps, n: number, attempt: AttemptRow, withParts: boolean) {
  const { db, id } = deps
  const { requestId, hotkey } = attempt
  const [truth] = await groundTruthsOf(db, [requestId])
  const prover = (await intervalProvers(db, id, n)).find((row) => row.hotkey === hotkey)
  if (truth === undefined || prover === undefined) return null
  const { exact } = comparisonOf(deps, truth.determinismClass)
  // In an exact class, hashes decide: the frames are not needed.
  const frames = exact ? [] : (await getFrames(db, requestId)).map(({ zlib }) => zlib)
  const whole = withParts && frames.length > 0 && sizeOf(frames) <= EVIDENCE_PARTS_MAX_BYTES
  return {
    whole,
    exact,
    truth: {
      frames_sha256: truth.framesSha256,
      trace_root: truth.traceRoot,
      confirm_frames_sha256: truth.confirmFramesSha256,
      confirm_trace_root: truth.confirmTraceRoot,
      known_answer_ok: truth.knownAnswerOk,
      cosine_ppm: truth.cosinePpm,
      tier: prover.tier,
      sent_frames: whole ? frames.map(base64) : null,
    },
  }
}

/** How the verifier compares in this class. */
function comparisonOf({ certificates }: Deps, determinismClass: string | null) {
  return exactness(certificates.find((row) => row.determinismClass === determinismClass))
}

function told(made: RecomputedDigests) {
  const { initial, after, frame, stepDeviation, frameDeviation } = made
  return {
    ...{ initial, after, frame },
    step_deviation: stepDeviation,
    frame_deviation: frameDeviation,
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
