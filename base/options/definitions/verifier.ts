import { z } from 'zod'
import { flag, number, option, text, whole } from '../define-option.js'

/** Because it is converted to parts per million. */
function hasSixDecimals(value: number): boolean {
  return Number(value.toFixed(6)) === value
}

/** Judging. */
export const VERIFIER = {
  'neuron.sample_size': option(whole(1, 256), 1, 'provers to challenge per round'),
  'challenge.prompts': option(
    text,
    undefined,
    'file with the prompts for checks, one per line, at least 10,000 in production (default: prompts.txt in the model folder; the bundled model’s own grammar)',
  ),
  'neuron.mechanism': option(
    whole(0, 15),
    0,
    'which of the subnet’s mechanisms the weights are for',
  ),
  'neuron.disable_set_weights': option(flag, false, 'judge provers, but set no weights'),
  'neuron.moving_average_alpha': option(
    number(z.number().min(0).max(1).refine(hasSixDecimals, 'must have at most 6 decimals')),
    0.05,
    'weight of the newest interval in the moving average of a score',
  ),
  'neuron.axon_off': option(
    flag,
    false,
    'publish no axon on the chain (for provers; a verifier has none yet)',
  ),
  'neuron.vpermit_tao_limit': option(
    // An integer, because it is part of the record, which is canonical JSON without floats.
    whole(0, Number.MAX_SAFE_INTEGER),
    4096,
    'a neuron with a permit and more stake weight (TAO) than this is not treated as a prover',
  ),
  'neuron.compute_stats_interval': option(whole(1, 7200), 360, 'interval length in blocks'),
  'tiers.rule': option(
    z.enum(['literal', 'evidence']),
    'literal',
    'rule for relegation on a missed rate',
  ),
  'chain.allow_private_addresses': option(
    flag,
    false,
    'ask provers at private addresses; for a prover: publish one on the chain; for development',
  ),
  profile: option(
    z.enum(['production', 'demo', 'test']),
    'production',
    'constants of the mechanism; demo and test are refused on a real network',
  ),
}
