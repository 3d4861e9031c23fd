import type { MechanismProfile } from '../profile.js'

/**
 * Whether a certificate counts for judging this model. The short ones of a demo are refused where the
 * production profile is in force, should a ledger have both.
 */
export function certificateCounts(
  certificate: { modelRoot: string; runs: number },
  modelRoot: string,
  profile: Pick<MechanismProfile, 'name' | 'certificateRuns'>,
): boolean {
  return (
    certificate.modelRoot === modelRoot &&
    (profile.name !== 'production' || certificate.runs >= profile.certificateRuns)
  )
}
