import { fromHex } from '../../formats/bytes.js'
import { pixelsOf } from '../../formats/video-shape.js'
import { CHALLENGE_PENALTY_PPM, INFERENCE_PENALTY_PPM, ONE_PPM } from '../constants.js'
import { isOwnFault } from '../judge/own-failure.js'
import { drawAudits } from '../plan/audits.js'
import { gpuBudget } from '../plan/gpu-budget.js'
import { isSpotChecked, spotCheckCostUs, spotCheckUs } from '../plan/spot-checks.js'
import type { AnswerCheck, RecordedAnswer } from '../record/answer-columns.js'
import type { PublicRecord } from '../record/public-record.js'
import type { ReadRecord } from '../record/read-record.js'
import { checksOf } from '../record/settlement-input.js'
import type { CheckRow } from '../settle/settlement.js'
import type { DrawContext } from './audit-plan.js'
import { differs, type Finding } from './finding.js'

/** Checks which answers were audited and spot-checked, and that each check that was due was made. */
export function auditChecks(context: DrawContext, read: ReadRecord): Finding[] {
  return [
    ...audits(context, read),
    ...spotChecks(context, read),
    ...verdicts(read),
    ...evidence(read),
  ]
}

function audits({ source, profile }: DrawContext, { record, answers }: ReadRecord): Finding[] {
  if (record.audits === null) {
    return record.outcome === 'lapsed' ? [] : [{ where: 'audits', what: 'were never drawn' }]
  }
  const { max, drawn, openingRefused } = record.audits
  const refused = new Set(openingRefused)
  const candidates = answers
    .filter(
      ({ kind, counted, outcome }) => kind !== 'challenge' && counted && outcome === 'success',
    )
    .map(({ requestId }) => ({ requestId, openingRefused: refused.has(requestId) }))
  const again = drawAudits({ answers: candidates, max }, source)
  const known = new Set(candidates.map(({ requestId }) => requestId))
  return [
    ...differs('audits.drawn', [...drawn].sort(), again.sort()),
    ...(max > Math.max(1, profile.audits.max)
      ? [{ where: 'audits.max', what: `is ${max}, above the profile’s ${profile.audits.max}` }]
      : []),
    ...openingRefused
      .filter((id) => !known.has(id))
      .map((id) => ({
        where: 'audits.opening_refused',
        what: `names ${id}, which is not an answer`,
      })),
  ]
}

function spotChecks({ record, plan, source }: DrawContext, { answers }: ReadRecord): Finding[] {
  const { budgetUs, costUs, usPerPixel, pixels, spentUs } = plan.spotChecks
  if (budgetUs === null || costUs === null) return []
  const classes = new Set(record.certificates.map(({ determinismClass }) => determinismClass))
  const rate = { budgetUs, costUs }
  const follows = gpuBudget({ ...plan.budget, length: record.length }).spotcheckUs
  const isSpent = spentUs >= budgetUs
  const found = [
    ...differs('plan.spot_checks.budget_us', budgetUs, follows),
    ...(isSpent ? spending(record, answers, { budgetUs, spentUs }) : []),
    ...(usPerPixel === null || pixels === null
      ? []
      : differs('plan.spot_checks.cost_us', costUs, spotCheckCostUs(usPerPixel, pixels))),
  ]
  for (const row of answers) {
    const { requestId, kind, answer, checks } = row
    const isMade = checks.some((check) => check.kind === 'spotcheck')
    if (answer === null || kind === 'challenge') {
      if (isMade) found.push({ where: `answers ${requestId}`, what: 'has a spot check of nothing' })
      continue
    }
    // Known without a draw: nobody could compute it.
    if (checks.some(isOfOtherClass)) {
      if (classes.has(answer.determinismClass)) {
        found.push({ where: `answers ${requestId}`, what: 'is of a class with a certificate' })
      }
      continue
    }
    const traceRoot = fromHex(answer.traceRoot)
    const isDrawn = isSpotChecked({ secret: source.secret, requestId, traceRoot }, rate)
    if (isMade && !isDrawn) {
      found.push({ where: `answers ${requestId}`, what: 'was spot-checked, but not drawn' })
    }
    // Once the budget is spent there are no more; answers of classes without a certificate get none.
    const isDue = record.outcome === 'settled' && !isSpent
    if (!isMade && isDrawn && isDue && classes.has(answer.determinismClass)) {
      found.push({
        where: `answers ${requestId}`,
        what: 'was drawn for a spot check, but has none',
      })
    }
  }
  return found
}

/** Judged by its class alone (`judgeClass`). */
function isOfOtherClass({ kind, reason }: AnswerCheck): boolean {
  return kind === 'spotcheck' && reason === 'other_class'
}

/**
 * Whether the spot checks that were made cost as much as the record says that was spent: else what was drawn later was
 * spared. A class that was certified again since the plan was made costs what it costs by then.
 */
function spending(
  { plan, certificates }: PublicRecord,
  answers: readonly RecordedAnswer[],
  { budgetUs, spentUs }: { budgetUs: number; spentUs: number },
): Finding[] {
  const made = answers.filter(({ checks }) =>
    checks.some((check) => check.kind === 'spotcheck' && !isOfOtherClass(check)),
  )
  const rates = [
    plan?.spotChecks.usPerPixel ?? null,
    ...certificates.map((row) => row.spotCheckUsPerPixel),
  ].flatMap((rate) => rate ?? [])
  // The words of a request that its user deleted are gone, and its size with them.
  if (rates.length === 0 || made.some(({ shape }) => shape === null)) return []
  const most = Math.max(...rates)
  const cost = made.reduce((sum, { shape }) => sum + spotCheckUs(most, pixelsOf(shape!)), 0)
  if (cost >= budgetUs) return []
  const what = `says ${spentUs}, but the ${made.length} spot checks that were made cost ${cost} of the ${budgetUs} that there were: answers that were drawn were spared`
  return [{ where: 'plan.spot_checks.spent_us', what }]
}

/** Pixels delivered that spot checks could be drawn from; null if a request could no longer be read. */
export function deliveredPixels({ answers }: ReadRecord): number | null {
  let sum = 0
  for (const { kind, outcome, shape } of answers) {
    if (kind === 'challenge' || outcome !== 'success') continue
    if (shape === null) return null
    sum += pixelsOf(shape)
  }
  return sum
}

function verdicts(read: ReadRecord): Finding[] {
  const { record, answers } = read
  const drawn = new Set(record.audits?.drawn ?? [])
  const challenges = new Set(record.challenges.map(({ requestId }) => requestId))
  const found = answers.flatMap((row) => [
    ...(record.outcome === 'settled' ? missing(row, drawn) : []),
    ...row.checks.flatMap((check) => own(row, check, drawn, challenges)),
  ])
  return [...found, ...unasked(read), ...checksOf(record, answers).flatMap(reward)]
}

/** Checks that an answer must have once its interval is settled. */
function missing(row: RecordedAnswer, audits: ReadonlySet<string>): Finding[] {
  const where = `answers ${row.requestId}`
  const has = (kind: CheckRow['kind']) => row.checks.some((check) => check.kind === kind)
  const refused = row.outcome === 'refused' || row.reason === 'cancelled'
  if (row.kind === 'challenge' && !refused && !has('challenge')) {
    return [{ where, what: 'is a challenge without a verdict' }]
  }
  if (audits.has(row.requestId) && !has('audit')) {
    return [{ where, what: 'was drawn for an audit, but has none' }]
  }
  if (row.kind === 'inference' && row.outcome === 'failure' && !has('answer')) {
    return [{ where, what: 'is a user’s request that failed, without its check' }]
  }
  return []
}

/** Checks that a check belongs to a request that may have one, and agrees with the request's outcome. */
function own(
  row: RecordedAnswer,
  { kind, verdict, reason }: AnswerCheck,
  audits: ReadonlySet<string>,
  challenges: ReadonlySet<string>,
): Finding[] {
  const where = `answers ${row.requestId}`
  if (kind === 'audit' && !audits.has(row.requestId)) {
    return [{ where, what: 'has an audit that was not drawn' }]
  }
  if (kind === 'challenge' && !challenges.has(row.requestId)) {
    return [{ where, what: 'has a verdict as a challenge, which it is not' }]
  }
  const isAnswered = row.outcome === 'success'
  if (verdict === 'pass' && !isAnswered) return [{ where, what: 'passed, but was not delivered' }]
  if (verdict === 'cheat' && !isAnswered) return [{ where, what: 'cheated, but sent nothing' }]
  const failed = row.outcome === 'failure' && (kind === 'challenge' || kind === 'answer')
  if (!failed || verdict === 'abstained') return []
  return isOwnFault(row.reason)
    ? [{ where, what: `was the verifier’s own fault (${row.reason}), but is a ${verdict}` }]
    : differs(where, [verdict, reason], ['fail', row.reason])
}

/** Evidence must belong to a `cheat` that counts here, one file each. */
function evidence({ record, answers }: ReadRecord): Finding[] {
  const nameOf = (row: { requestId: string; kind: string }) => `${row.kind} of ${row.requestId}`
  const cheats = new Set(
    checksOf(record, answers)
      .filter(({ verdict }) => verdict === 'cheat')
      .map(nameOf),
  )
  return record.evidence
    .map(nameOf)
    .filter((name) => !cheats.delete(name))
    .map((name) => ({ where: 'evidence', what: `names the ${name}, which is no cheat of its own` }))
}

/** Challenges that were drawn but never sent count for nobody. */
function unasked({ record, byId }: ReadRecord): Finding[] {
  const drawn = new Map(record.challenges.map((item) => [item.requestId, item]))
  const told = record.challenges.flatMap(({ requestId, hotkey }) => {
    const row = byId.get(requestId)
    if (row === undefined || row.hotkey === hotkey) return []
    return differs(`answers ${requestId}`, row.hotkey, hotkey)
  })
  const others = record.otherChecks
    .filter(({ kind }) => kind === 'challenge')
    .flatMap(({ requestId, verdict }) => {
      const where = `other_checks ${requestId}`
      if (!drawn.has(requestId)) return [{ where, what: 'is of a challenge that was not drawn' }]
      return differs(where, verdict, 'abstained')
    })
  return [...told, ...others]
}

/** What a verdict pays or costs: 1 for a pass, or an audit’s cosine; a penalty for anything else. */
function reward({ requestId, kind, requestKind, verdict, reason, rewardPpm }: CheckRow): Finding[] {
  const where = `check ${kind} of ${requestId} reward_ppm`
  if (verdict === 'abstained') return differs(where, rewardPpm, null)
  if (verdict !== 'pass') {
    const penalty = kind === 'challenge' ? CHALLENGE_PENALTY_PPM : INFERENCE_PENALTY_PPM
    return differs(where, [requestKind, rewardPpm], [requestKind, penalty])
  }
  if (reason !== 'cosine_met') return differs(where, rewardPpm, ONE_PPM)
  return rewardPpm !== null && rewardPpm <= ONE_PPM
    ? []
    : [{ where, what: `says ${rewardPpm}, which is not a cosine` }]
}
