import { z } from 'zod'
import { flag, number, option, whole } from '../define-option.js'

/** As many as parts per million have. */
function hasSixDecimals(value: number): boolean {
  return Number(value.toFixed(6)) === value
}

/** Judging. */
export const VERIFIER = {
  'neuron.sample_size': option(whole(1, 256), 3, 'provers asked in each round'),
  'neuron.disable_set_weights': option(flag, false, 'judge, but set no weights'),
  'neuron.moving_average_alpha': option(
    number(z.number().min(0).max(1).refine(hasSixDecimals, 'must have at most 6 decimals')),
    0.05,
    'share of the newest interval in a score',
  ),
  'neuron.axon_off': option(
    flag,
    false,
    'put no address on the chain (a prover’s; a verifier serves nothing there yet)',
  ),
  'neuron.vpermit_tao_limit': option(
    // Whole: it stands in the record, which is canonical JSON of integers.
    whole(0, Number.MAX_SAFE_INTEGER),
    4096,
    'a neuron with a permit and more stake weight (whole TAO) than this is not asked as a prover',
  ),
  'neuron.compute_stats_interval': option(whole(1, 7200), 360, 'blocks of an interval'),
  'tiers.rule': option(z.enum(['literal', 'evidence']), 'literal', 'how a missed rate relegates'),
  'chain.allow_private_addresses': option(
    flag,
    false,
    'ask provers at private addresses, and, a prover, put one on the chain: development',
  ),
  profile: option(
    z.enum(['production', 'demo', 'test']),
    'production',
    'the mechanism’s numbers; demo and test are refused on a real network',
  ),
}
