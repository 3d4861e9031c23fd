import { revokeExact } from '../../ledger/intervals/certificates.js'
import { truthsOf } from '../../ledger/intervals/ground-truths.js'
import { planItems } from '../../ledger/intervals/plans.js'
import {
  insertVerdicts,
  type NewVerdict,
  type UnjudgedRow,
  unjudged,
  verdictsOf,
} from '../../ledger/intervals/verdicts.js'
import { intervalProvers } from '../../ledger/provers/provers.js'
import { attemptsById } from '../../ledger/requests/attempts.js'
import { CHALLENGE_PENALTY_PPM, INFERENCE_PENALTY_PPM } from '../../rules/constants.js'
import { type JudgeInput, judgeAudit, judgeChallenge } from '../../rules/judge/judge.js'
import type { Reason } from '../../rules/verdicts.js'
import { usableCertificates } from '../interval/certificates.js'
import { beating } from '../shared/heartbeat.js'
import { fenced } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'

export interface JudgeRequest {
  readonly n: number
  /** Only this round's challenges; null: all challenges and audits of the interval. */
  readonly round: number | null
  /** Whether what still has no ground truth is given up now, as abstained. */
  readonly final: boolean
}

type Counts = Record<'pass' | 'cheat' | 'fail' | 'unproven' | 'abstained', number>

/** Writes the verdicts that can be given, once each, and counts those that stand. */
export function createJudge(deps: VerifierDeps) {
  return async (request: JudgeRequest): Promise<Counts> =>
    beating(async () => {
      const { db, id } = deps
      const { n } = request
      const waiting = await inRound(deps, request, await unjudged(db, id, n))
      const verdicts = await decide(deps, request, waiting)
      // Verdicts stand for ever: only whoever holds the lease may give them up as abstained.
      if (verdicts.length > 0) await fenced(deps, (tx) => insertVerdicts(tx, id, n, verdicts))
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
): Promise<NewVerdict[]> {
  const { db, id } = deps
  const ids = waiting.map((row) => row.requestId)
  const attempts = new Map((await attemptsById(db, ids)).map((row) => [row.requestId, row]))
  const truths = new Map((await truthsOf(db, ids)).map((row) => [row.requestId, row]))
  const provers = new Map(
    (await intervalProvers(db, id, request.n)).map((row) => [row.hotkey, row]),
  )
  const certificates = await usableCertificates(db, deps)
  const exact = new Set(certificates.flatMap((row) => (row.exact ? [row.determinismClass] : [])))

  const verdicts: NewVerdict[] = []
  for (const row of waiting) {
    const attempt = attempts.get(row.requestId)
    const prover = provers.get(row.hotkey)
    const key = {
      requestId: row.requestId,
      kind: row.kind,
      hotkey: row.hotkey,
      registeredBlock: row.registeredBlock,
    }
    const give = (
      verdict: NewVerdict['verdict'],
      reason: Reason,
      rewardPpm: number | null,
      detail: NewVerdict['detail'] = null,
    ) => verdicts.push({ ...key, verdict, reason, rewardPpm, detail })
    const penalty = row.kind === 'challenge' ? CHALLENGE_PENALTY_PPM : INFERENCE_PENALTY_PPM

    if (attempt === undefined || attempt.outcome === null || prover === undefined) {
      // Never asked, or the answer was lost on our side: the verifier's own fault.
      if (request.final) give('abstained', 'own_fault', null)
      continue
    }
    if (attempt.reason === 'own_fault') {
      give('abstained', 'own_fault', null)
      continue
    }
    if (attempt.outcome === 'refused') {
      give('fail', 'refused_thrice', penalty)
      continue
    }
    if (attempt.outcome !== 'success') {
      give('fail', attempt.reason as Reason, penalty, { message: attempt.message })
      continue
    }
    const truth = truths.get(row.requestId)
    const certified = certificates.some(
      (other) => other.determinismClass === attempt.determinismClass,
    )
    if (truth === undefined && certified) {
      if (request.final) give('abstained', 'no_time', null)
      continue
    }
    const input: JudgeInput = {
      answer: {
        framesSha256: attempt.framesSha256!,
        determinismClass: attempt.determinismClass!,
        classAtOpen: prover.determinismClass ?? attempt.determinismClass!,
      },
      truth: {
        framesSha256: truth?.framesSha256 ?? '',
        confirmSha256: truth?.confirmFramesSha256 ?? null,
        knownAnswerOk: truth?.knownAnswerOk ?? null,
        determinismClass: truth?.determinismClass ?? '',
      },
      exact: exact.has(attempt.determinismClass!),
      cosinePpm: truth?.cosinePpm ?? null,
      tier: prover.tier,
    }
    const judgement = row.kind === 'challenge' ? judgeChallenge(input) : judgeAudit(input)
    // The second computation may still come; at the end, what is not confirmed accuses nobody.
    if (judgement.reason === 'not_confirmed' && !request.final) continue
    if (judgement.reason === 'control_failed') {
      await revokeExact(
        db,
        attempt.determinismClass!,
        `a control run differed in interval ${request.n}`,
      )
      deps.log.error(
        { n: request.n, requestId: row.requestId },
        'our own results differ: the class is not exact any more',
      )
    }
    give(judgement.verdict, judgement.reason, judgement.rewardPpm, {
      answer: attempt.framesSha256,
      truth: truth?.framesSha256 ?? null,
      cosine_ppm: truth?.cosinePpm ?? null,
    })
  }
  return verdicts
}
