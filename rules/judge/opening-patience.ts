import { OPEN_WINDOW_MS, OPENING_PATIENCE_BLOCKS, OPENING_TRIES } from '../constants.js'

/**
 * Whether a prover that has not answered when asked to open a trace has refused. A refused opening costs the
 * whole interval, so a restart must not be one: its states are on disk, and it can open them when it is back.
 * @param silence.times how often it was asked without an answer
 * @param silence.sinceDeliveredMs since the answer arrived
 */
export function isOpeningRefused(
  silence: { times: number; sinceDeliveredMs: number },
  blockSeconds: number,
): boolean {
  const patienceMs = Math.min(OPEN_WINDOW_MS, OPENING_PATIENCE_BLOCKS * blockSeconds * 1000)
  return silence.times >= OPENING_TRIES && silence.sinceDeliveredMs >= patienceMs
}
