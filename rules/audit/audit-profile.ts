import { DEMO_PROFILE, PRODUCTION_PROFILE } from '../profile.js'
import { snakeName } from '../record/names.js'
import type { RecordedProfile } from '../record/public-record.js'
import { differs, type Finding } from './finding.js'

/** What no option of a verifier changes. */
const FIXED = ['rounds', 'tierMinimums', 'certificateRuns', 'audits', 'deadlineFloorMs'] as const

/** What an operator may set, and pays for: whoever reads that all follows has to be told. */
const OPEN = ['sampleSize', 'movingAverageAlphaPpm', 'tiersRule'] as const

const RAO_PER_TAO = 1_000_000_000

/** Checks that a verifier's settings are those of the profile that it names, as far as nobody may choose them. */
export function auditProfile(profile: RecordedProfile | null): Finding[] {
  if (profile === null || profile.name === 'test') return []
  const named = profile.name === 'demo' ? DEMO_PROFILE : PRODUCTION_PROFILE
  return FIXED.flatMap((name) => differs(`profile.${snakeName(name)}`, profile[name], named[name]))
}

/**
 * What a verifier set otherwise than production has it, in words; null where there is nothing.
 * @returns `its settings: sample_size 5 (production: 3)`
 */
export function ownSettings(profile: RecordedProfile | null): string | null {
  if (profile === null) return null
  const usualLimit = String(PRODUCTION_PROFILE.vpermitTaoLimit * RAO_PER_TAO)
  const settings = [
    ...OPEN.map((name) => [snakeName(name), profile[name], PRODUCTION_PROFILE[name]] as const),
    ['vpermit_limit_rao', profile.vpermitLimitRao, usualLimit] as const,
  ]
  const told = [
    ...(profile.name === 'production'
      ? []
      : [`profile “${profile.name}”, which only development networks allow`]),
    ...settings
      .filter(([, own, usual]) => own !== usual)
      .map(([name, own, usual]) => `${name} ${own} (production: ${usual})`),
  ]
  return told.length === 0 ? null : `its settings: ${told.join(', ')}`
}
