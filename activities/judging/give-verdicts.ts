import { judgedClasses } from '../../ledger/intervals/plan-inputs.js'
import { planItems } from '../../ledger/intervals/plans.js'
import { type CertificateRow, revokeExact } from '../../ledger/judging/certificates.js'
import { type NewEvidence, putEvidence } from '../../ledger/judging/evidence.js'
import { type GroundTruthRow, groundTruthsOf } from '../../ledger/judging/ground-truths.js'
import {
  dropStates,
  spotChecksOf,
  uncheckedOfOtherClasses,
} from '../../ledger/judging/spot-checks.js'
import {
  insertVerdicts,
  type NewVerdict,
  type UnjudgedRow,
  unjudged,
  verdictsOf,
} from '../../ledger/judging/verdicts.js'
import { intervalProvers } from '../../ledger/provers/provers.js'
import { type AttemptFacts, attemptFacts } from '../../ledger/requests/attempts.js'
import type { Judgement } from '../../rules/judge/judge-answer.js'
import { judgeChallengeOrAudit } from '../../rules/judge/judge-challenge-or-audit.js'
import { judgeClass } from '../../rules/judge/judge-class.js'
import { usableCertificates } from '../interval/certificates.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { buildEvidence } from './build-evidence.js'
import { attemptOutcome, groundTruth } from './rule-inputs.js'
import { spotCheckDetail, spotCheckJudgement } from './spot-check-judgement.js'

export interface JudgeRequest {
  readonly n: number
  /** Only this round's challenges; null: all challenges, audits and spot checks of the interval. */
  readonly round: number | null
  /** Whether checks that still have no ground truth are now given up as abstained. */
  readonly final: boolean
}

type Counts = Record<'pass' | 'cheat' | 'fail' | 'unproven' | 'abstained', number>

/** Writes the verdicts that can be given, once each, and counts all recorded ones. */
export function createGiveVerdicts(deps: VerifierDeps) {
  return async (request: JudgeRequest): Promise<Counts> =>
    withHeartbeat(async () => {
      const { db, id } = deps
      const { n } = request
      const waiting = await inRound(deps, request, await unjudged(db, id, n))
      // Read once: evidence must show what the judgement was based on, even if a class loses its exactness in
      // between.
      const certificates = await usableCertificates(db, deps)
      const verdicts = [
        ...(await decide(deps, request, waiting, certificates)),
        ...(request.round === null ? await ofOtherClasses(deps, n, certificates) : []),
      ]
      // Verdicts are final: only the lease holder may give them up as abstained.
      if (verdicts.length > 0) {
        const evidence = await buildEvidence(deps, n, verdicts, certificates)
        const told = withHashes(verdicts, evidence)
        const written = await withFence(deps, async (tx) => {
          await dropStates(tx, idsOf(told.filter(needsNoStates), 'spotcheck'))
          const fresh = await insertVerdicts(tx, id, n, told)
          for (const file of evidence) await putEvidence(tx, id, n, file)
          return fresh
        })
        deps.countVerdicts(written)
      }
      const counts: Counts = { pass: 0, cheat: 0, fail: 0, unproven: 0, abstained: 0 }
      const standing = await verdictsOf(
        db,
        id,
        n,
        request.round === null ? {} : { round: request.round },
      )
      for (const { verdict } of standing) counts[verdict] += 1
      return counts
    })
}

async function inRound(
  deps: VerifierDeps,
  { n, round }: JudgeRequest,
  rows: UnjudgedRow[],
): Promise<UnjudgedRow[]> {
  if (round === null) return rows
  const ids = new Set(
    (await planItems(deps.db, deps.id, n, { round })).map((item) => item.requestId),
  )
  return rows.filter((row) => ids.has(row.requestId))
}

async function decide(
  deps: VerifierDeps,
  request: JudgeRequest,
  waiting: UnjudgedRow[],
  certificates: readonly CertificateRow[],
): Promise<NewVerdict[]> {
  const { db, id } = deps
  const ids = waiting.map((row) => row.requestId)
  const attempts = new Map((await attemptFacts(db, ids)).map((row) => [row.requestId, row]))
  const truths = new Map((await groundTruthsOf(db, ids)).map((row) => [row.requestId, row]))
  const provers = new Map(
    (await intervalProvers(db, id, request.n)).map((row) => [row.hotkey, row]),
  )
  const spotChecks = new Map(
    (await spotChecksOf(db, idsOf(waiting, 'spotcheck'))).map((row) => [row.requestId, row]),
  )

  const verdicts: NewVerdict[] = []
  for (const { requestId, kind, hotkey, registeredBlock } of waiting) {
    const attempt = attempts.get(requestId)
    if (kind === 'spotcheck') {
      const check = { row: spotChecks.get(requestId)!, attempt: attempt!, certificates }
      const judgement = spotCheckJudgement(check, request.final)
      if (judgement === null) continue
      if (judgement.reason === 'control_failed') await doubt(deps, request.n, attempt)
      const detail = spotCheckDetail(check.row, judgement)
      verdicts.push({ requestId, kind, hotkey, registeredBlock, ...judgement, detail })
      continue
    }
    const truth = truths.get(requestId)
    const judgement = judgeChallengeOrAudit({
      kind,
      attempt: attemptOutcome(attempt),
      prover: provers.get(hotkey) ?? null,
      truth: truth === undefined ? null : groundTruth(truth),
      cosinePpm: truth?.cosinePpm ?? null,
      certificate:
        certificates.find((row) => row.determinismClass === attempt?.determinismClass) ?? null,
      final: request.final,
    })
    if (judgement === null) continue
    if (judgement.reason === 'control_failed') await doubt(deps, request.n, attempt)
    const detail = detailOf(judgement, attempt, truth)
    verdicts.push({ requestId, kind, hotkey, registeredBlock, ...judgement, detail })
  }
  return verdicts
}

/**
 * Verdicts on answers of classes that can't be judged here: neither when the interval opened nor now, so that a
 * verifier whose own class changes in between accuses nobody.
 */
async function ofOtherClasses(
  { db, id }: VerifierDeps,
  n: number,
  certificates: readonly CertificateRow[],
): Promise<NewVerdict[]> {
  const atOpen = await judgedClasses(db, id, n)
  if (atOpen === null) return []
  const now = certificates.map((row) => row.determinismClass)
  const judged = new Set([...atOpen, ...now])
  const rows = await uncheckedOfOtherClasses(db, id, n, [...judged])
  return rows.flatMap(({ determinismClass, ...row }): NewVerdict[] => {
    const judgement = judgeClass({ determinismClass }, judged)
    if (judgement === null) return []
    return [
      { ...row, kind: 'spotcheck', ...judgement, detail: { determinism_class: determinismClass } },
    ]
  })
}

function idsOf(
  rows: readonly Pick<NewVerdict, 'requestId' | 'kind'>[],
  kind: UnjudgedRow['kind'],
): string[] {
  return rows.filter((row) => row.kind === kind).map((row) => row.requestId)
}

/** Verdicts with the hashes of their evidence. */
function withHashes(
  verdicts: readonly NewVerdict[],
  evidence: readonly NewEvidence[],
): NewVerdict[] {
  const keyOf = ({ requestId, kind }: Pick<NewVerdict, 'requestId' | 'kind'>) =>
    `${requestId} ${kind}`
  const hashes = new Map(evidence.map((file) => [keyOf(file), file.sha256]))
  return verdicts.map((row) => ({ ...row, evidenceSha256: hashes.get(keyOf(row)) ?? null }))
}

/**
 * Opened states are deleted once the verdict is stored; those of a cheat are in its evidence, or must stay.
 */
function needsNoStates({ verdict, evidenceSha256 = null }: NewVerdict): boolean {
  return verdict !== 'cheat' || evidenceSha256 !== null
}

/** Two of our own runs differ, or a known answer came out wrong: the class loses its exactness. */
async function doubt(deps: VerifierDeps, n: number, attempt: AttemptFacts | undefined) {
  if (attempt === undefined || attempt.determinismClass === null) return
  const { requestId, determinismClass } = attempt
  await revokeExact(deps.db, determinismClass, `a control run differed in interval ${n}`)
  deps.log.error({ n, requestId }, 'our own results differ: the class is no longer exact')
}

/** The facts behind a verdict, to explain it. */
function detailOf(
  { reason }: Judgement,
  attempt: AttemptFacts | undefined,
  truth: GroundTruthRow | undefined,
): NewVerdict['detail'] {
  if (attempt === undefined || reason === 'own_fault' || reason === 'no_time') return null
  switch (attempt.outcome) {
    case 'success':
      return {
        answer: attempt.framesSha256,
        truth: truth?.framesSha256 ?? null,
        answer_trace: attempt.traceRoot,
        truth_trace: truth?.traceRoot ?? null,
        cosine_ppm: truth?.cosinePpm ?? null,
      }
    case 'failure':
    case 'neutral':
      return { message: attempt.message }
    case 'refused':
    case null:
      return null
  }
}
