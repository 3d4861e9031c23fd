import { type DrawSource, drawBytes, drawInteger } from '../../formats/draws.js'
import { compareText } from '../order.js'
import type { MechanismProfile } from '../profile.js'
import { usOfWork } from '../work-time.js'
import { type GpuTime, gpuBudget } from './gpu-budget.js'

/** A counted, delivered answer that is not a challenge. */
export interface AuditCandidate {
  requestId: string
  /** The prover did not open it for a spot check. */
  openingRefused: boolean
}

/**
 * The maximum number of audits in an interval: what the profile allows and the audits' share of the GPU pays
 * for.
 * @param gpu.usPerWork certified, floor(µs · 10^6 / work); null while nothing is certified: then one is drawn
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
 * Draws which answers are recomputed: a random number from 1 to `max`, those whose opening was refused first,
 * then those with the smallest hash of secret and request id. Nothing else about a prover's history matters.
 * @returns request ids in the order in which they are to be recomputed; empty only if there are no answers
 */
export function drawAudits(
  input: { answers: readonly AuditCandidate[]; max: number },
  source: DrawSource,
): string[] {
  if (input.answers.length === 0) return []
  const count = 1 + drawInteger(source, 'audit/count', Math.max(1, input.max))
  return input.answers
    .map(({ requestId, openingRefused }) => ({
      requestId,
      openingRefused,
      ...firstU64(drawBytes(source, `audit/${requestId}`, 8)),
    }))
    .sort(
      (a, b) =>
        Number(b.openingRefused) - Number(a.openingRefused) ||
        a.high - b.high ||
        a.low - b.low ||
        compareText(a.requestId, b.requestId),
    )
    .slice(0, count)
    .map(({ requestId }) => requestId)
}

/** Big-endian, as two halves: an interval has tens of thousands to sort. */
function firstU64(bytes: Uint8Array): { high: number; low: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return { high: view.getUint32(0, false), low: view.getUint32(4, false) }
}
