import { fromHex } from '../../formats/bytes.js'
import type { DrawSource } from '../../formats/draws.js'
import { generationBodyText, generationParams, workOf } from '../../formats/generation.js'
import { sha256Hex } from '../../formats/sha256.js'
import { reusedHash, textsOf } from '../plan/draw-prompt.js'
import { type DrawnRequest, drawRequest, requestBody } from '../plan/draw-request.js'
import { planInterval } from '../plan/plan.js'
import { drawSample } from '../plan/sample.js'
import type { MechanismProfile } from '../profile.js'
import type {
  PublicRecord,
  RecordedChallenge,
  RecordedPlan,
  RecordedRound,
} from '../record/public-record.js'
import { profileOf } from '../record/settlement-input.js'
import { deadlineMs } from '../routing/deadlines.js'
import { differs, type Finding } from './finding.js'

/** What an interval's draws are made from, and among. */
export interface DrawContext {
  record: PublicRecord
  source: DrawSource
  plan: RecordedPlan
  profile: MechanismProfile
}

/** Null for an interval that never drew anything. */
export function drawContext(record: PublicRecord): DrawContext | null {
  const { secret, firstBlockHash, plan, profile } = record
  if (secret === null || firstBlockHash === null || plan === null || profile === null) return null
  const source = { secret: fromHex(secret), blockHash: fromHex(firstBlockHash) }
  return { record, source, plan, profile: profileOf(profile) }
}

/** Checks when the rounds were to begin, which provers each sampled, and what it asked them for. */
export function auditPlan(context: DrawContext): Finding[] {
  const { record, source, plan, profile } = context
  const { n, firstBlock, length, rounds } = record
  const { rounds: planned } = planInterval({ ...plan, profile, n, firstBlock, length }, source)
  const told = rounds.map(({ kind, round, momentMs }) => ({ kind, round, momentMs }))
  return [
    ...differs('rounds', told, planned),
    ...candidates(record, plan),
    ...samples(context),
    ...record.challenges.flatMap((item) => request(context, item)),
  ]
}

/** Rounds may ask exactly the provers that were there when the interval opened. */
function candidates(record: PublicRecord, plan: RecordedPlan): Finding[] {
  const keys = (provers: readonly { hotkey: string; registeredBlock: number }[]) =>
    provers.map(({ hotkey, registeredBlock }) => `${hotkey}@${registeredBlock}`).sort()
  const late = plan.provers.filter((row) => (row.lastFullCheckN ?? 0) > record.n)
  return [
    ...differs('plan.provers', keys(plan.provers), keys(record.opening)),
    ...late.map(({ hotkey }) => ({
      where: `plan.provers ${hotkey} last_full_check_n`,
      what: 'is later than the interval',
    })),
  ]
}

function samples(context: DrawContext): Finding[] {
  const { record, source, plan, profile } = context
  const begun = record.rounds
    .filter(({ kind, begun }) => kind === 'challenge' && begun !== null)
    .sort((a, b) => a.begun! - b.begun!)
  /** The latest moment in this interval at which each prover was drawn. */
  const drawn = new Map<string, number>()
  return begun.flatMap(({ round, momentMs, busy }) => {
    const among = plan.provers
      .filter(({ hotkey }) => !busy.includes(hotkey))
      .map(({ hotkey, registeredBlock, lastFullCheckN }) => ({
        hotkey,
        registeredBlock,
        lastFullCheck: lastFullCheck(record.n, drawn.get(hotkey), lastFullCheckN),
      }))
    const sample = drawSample(source, `challenge/${round}`, among, profile.sampleSize)
    const told = record.challenges
      .filter((item) => item.round === round)
      .sort((a, b) => a.k - b.k)
      .map(({ hotkey }) => hotkey)
    for (const { hotkey } of sample) {
      drawn.set(hotkey, Math.max(momentMs, drawn.get(hotkey) ?? 0))
    }
    return differs(
      `challenges of round ${round}`,
      told,
      sample.map(({ hotkey }) => hotkey),
    )
  })
}

/** A prover drawn in this interval counts as checked, whatever the outcome. */
function lastFullCheck(n: number, drawnMs: number | undefined, before: number | null) {
  if (drawnMs !== undefined) return { n, momentMs: drawnMs }
  return before === null ? null : { n: before, momentMs: 0 }
}

function request(context: DrawContext, item: RecordedChallenge): Finding[] {
  const label = `challenge/${item.round}/${item.k}`
  const where = `challenges ${item.requestId}`
  const begun = context.record.rounds.some(
    (round: RecordedRound) =>
      round.kind === 'challenge' && round.round === item.round && round.begun !== null,
  )
  if (!begun) return [{ where, what: `is of round ${item.round}, which never began` }]
  return requestFindings(context, where, label, item)
}

/** One of the verifier's own requests, as recorded. */
interface ToldRequest {
  requestId: string
  hotkey: string
  bodySha256: string
  promptSha256: string | null
  /** The body, if it is recorded. */
  body?: string | null
}

/**
 * Checks that one of the verifier's own requests is the one that was drawn. If a user has deleted the drawn
 * prompt since the interval opened, it was drawn again, from the corpus only.
 */
export function requestFindings(
  { source, plan, profile }: DrawContext,
  where: string,
  label: string,
  told: ToldRequest,
): Finding[] {
  const first = drawRequest(plan, source, label, told.hotkey)
  const again =
    told.promptSha256 === null && reusedHash(first.prompt) !== null
      ? drawRequest({ ...plan, reusablePrompts: [] }, source, label, told.hotkey)
      : first
  const body = bodyOf(again, plan, profile)
  const found = [
    ...differs(where, told.requestId, again.requestId),
    ...differs(`${where} prompt_sha256`, told.promptSha256, reusedHash(again.prompt)),
  ]
  if (body === null) return found
  return [
    ...found,
    ...differs(`${where} body_sha256`, told.bodySha256, sha256Hex(body)),
    ...(told.body === undefined ? [] : differs(`${where} body`, told.body, body)),
  ]
}

/** The bytes that were sent, as text; null if they contain a user's prompt. */
function bodyOf(
  drawn: DrawnRequest,
  plan: RecordedPlan,
  { deadlineFloorMs: floorMs }: MechanismProfile,
): string | null {
  const texts = textsOf(drawn.prompt, new Map())
  if (texts === null) return null
  const body = requestBody(drawn, texts)
  const work = workOf(generationParams(body))
  const deadline = deadlineMs({
    floorMs,
    certifiedUsPerWork: plan.gpuUsPerWork,
    certifiedColdUs: plan.gpuColdUs,
    work,
  })
  return generationBodyText({ ...body, deadline_ms: deadline })
}
