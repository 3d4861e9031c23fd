import { isDevelopmentNetwork } from '../base/network-name.js'
import type { Options } from '../base/options/options.js'
import {
  assertProfileAllowed,
  DEMO_PROFILE,
  type MechanismProfile,
  PRODUCTION_PROFILE,
  TEST_PROFILE,
} from '../rules/profile.js'

/** For those who only need the profile's own numbers. */
export const NAMED_PROFILE_OPTIONS = ['profile', 'subtensor.network'] as const

export const PROFILE_OPTIONS = [
  ...NAMED_PROFILE_OPTIONS,
  'neuron.compute_stats_interval',
  'neuron.sample_size',
  'neuron.moving_average_alpha',
  'neuron.vpermit_tao_limit',
  'tiers.rule',
] as const

const BY_NAME = { production: PRODUCTION_PROFILE, demo: DEMO_PROFILE, test: TEST_PROFILE }

/**
 * The profile by its name.
 * @throws RuleError `profile_refused` for a scaled-down profile on a real network
 */
export function namedProfile(
  options: Options<(typeof NAMED_PROFILE_OPTIONS)[number]>,
): MechanismProfile {
  const profile = BY_NAME[options.profile]
  assertProfileAllowed(profile, !isDevelopmentNetwork(options['subtensor.network']))
  return profile
}

/** The mechanism's numbers that a verifier chose. @throws RuleError `profile_refused` */
export function mechanismProfile(
  options: Options<(typeof PROFILE_OPTIONS)[number]>,
): MechanismProfile {
  const base = namedProfile(options)
  return {
    ...base,
    intervalBlocks: options['neuron.compute_stats_interval'],
    sampleSize: options['neuron.sample_size'],
    movingAverageAlphaPpm: Math.round(options['neuron.moving_average_alpha'] * 1_000_000),
    vpermitTaoLimit: options['neuron.vpermit_tao_limit'],
    tiersRule: options['tiers.rule'],
  }
}
