import type { MechanismProfile } from '../profile.js'

/**
 * Whether a certificate counts for judging this model. If a ledger has both, the short certificates of a demo
 * don't count under the production profile.
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
