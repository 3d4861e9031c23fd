import { type DrawSource, drawInteger, shuffle } from '../../formats/draws.js'
import { compareText } from '../order.js'
import type { MechanismProfile } from '../profile.js'
import type { ProverKey } from '../settle/settlement.js'
import { usOfWork } from '../work-time.js'
import { type GpuTime, gpuBudget } from './gpu-budget.js'

/** A delivered answer to a user's request. */
export interface AuditCandidate extends ProverKey {
  requestId: string
  /** The last interval in which something of its prover was checked; null when nothing ever was. */
  lastEvidenceN: number | null
}

/**
 * The most audits of an interval: what the profile allows and the audits' share of the GPU pays for.
 * @param gpu.usPerWork certified, floor(µs · 10^6 / work); null while nothing is, and one is drawn
 */
export function mostAudits(
  { audits }: Pick<MechanismProfile, 'audits'>,
  gpu: { usPerWork: number | null; standardWork: number } & Omit<GpuTime, 'usPerVideo'>,
): number {
  if (gpu.usPerWork === null) return Math.min(audits.max, 1)
  const usPerVideo = usOfWork(gpu.usPerWork, gpu.standardWork)
  return Math.min(audits.max, gpuBudget({ ...gpu, usPerVideo }).auditVideos)
}

/**
 * Draws which answers are recomputed: a random number from 1 to `max`, by stalest
 * evidence, then random. An answer drawn counts as evidence for the next draw, so
 * that one prover with many answers does not take all the audits.
 * @returns request ids in the order in which they are to be recomputed; none only without answers
 */
export function drawAudits(
  input: { answers: readonly AuditCandidate[]; max: number },
  source: DrawSource,
): string[] {
  if (input.answers.length === 0) return []
  const count = 1 + drawInteger(source, 'audit/count', Math.max(1, input.max))
  const sorted = [...input.answers].sort((a, b) => compareText(a.requestId, b.requestId))
  const left = shuffle(source, 'audit/order', sorted)
  const drawn: AuditCandidate[] = []
  while (drawn.length < count && left.length > 0) {
    const times = (c: AuditCandidate): number => drawn.filter((d) => d.hotkey === c.hotkey).length
    const next = left.reduce((best, c) => (comesBefore(c, best, times) ? c : best))
    left.splice(left.indexOf(next), 1)
    drawn.push(next)
  }
  return drawn.map((answer) => answer.requestId)
}

function comesBefore(
  a: AuditCandidate,
  b: AuditCandidate,
  times: (candidate: AuditCandidate) => number,
): boolean {
  const difference = times(a) - times(b) || (a.lastEvidenceN ?? -1) - (b.lastEvidenceN ?? -1)
  return difference < 0
}
