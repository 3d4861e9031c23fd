import { FractalError } from '../base/errors.js'
import { REQUEST_WORK_FACTOR, SHARED_MACHINE_DEADLINE_FLOOR_MS } from '../rules/constants.js'
import { deadlineMs } from '../rules/routing/deadlines.js'

/** What limits on a request's size and deadline are based on. */
export interface Measures {
  /** steps · frames · width · height of the model's standard video; null if it has none. */
  standardWork: number | null
  /** floor(µs · 10^6 / work) of the newest similar generations here; null without any. */
  usPerWork: number | null
  /** µs that a video of another size than the last one takes longer here. */
  coldUs: number
}

/**
 * Refuses a request that a verifier would not send: larger than its gateway allows users or, without a
 * permit, larger than the standard. Requests waiting behind it would be late.
 * @throws FractalError `invalid_request`, `work_needs_permit`
 */
export function assertWork(work: number, permit: boolean, { standardWork }: Measures): void {
  if (permit) {
    if (standardWork === null || work <= REQUEST_WORK_FACTOR * standardWork) return
    const most = `${REQUEST_WORK_FACTOR} times the standard work, ${REQUEST_WORK_FACTOR * standardWork}`
    throw new FractalError('invalid_request', `${sized(work)}, more than ${most}`)
  }
  if (work <= (standardWork ?? 0)) return
  const most = `callers without a validator permit ask for at most the standard work`
  throw new FractalError('work_needs_permit', `${sized(work)}; ${most}, ${standardWork ?? 0}`)
}

function sized(work: number): string {
  return `steps × frames × width × height is ${work}`
}

/**
 * How long a request may take: what its caller says but, without a permit, no longer than the deadline that
 * verifiers give everybody, based on this prover's own speed (with the longer of the two floors, because the
 * verifiers' profile is not known here).
 */
export function deadlineOf(
  asked: { deadlineMs: number; work: number; permit: boolean },
  { usPerWork, coldUs }: Measures,
): number {
  if (asked.permit) return asked.deadlineMs
  const everybodys = deadlineMs({
    floorMs: SHARED_MACHINE_DEADLINE_FLOOR_MS,
    certifiedUsPerWork: usPerWork,
    certifiedColdUs: coldUs,
    work: asked.work,
  })
  return Math.min(asked.deadlineMs, everybodys)
}
