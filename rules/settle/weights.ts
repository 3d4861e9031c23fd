import { U16_MAX } from '../constants.js'
import { compareText } from '../order.js'

export interface WeightInput {
  scores: readonly { hotkey: string; uid: number; scorePpm: number }[]
  /** As of the block after which the weights are sent. */
  neurons: readonly { uid: number; hotkey: string }[]
  /** The verifier's uid; null if it has none. */
  ownUid: number | null
  /** Hotkeys with a cheat in the interval. */
  standingCheats: readonly string[]
  /** The subnet's minimum number of weights. */
  minAllowed: number
  /** The subnet's largest share of one weight, of 65535. */
  maxWeightLimit: number
}

export type WeightVector =
  | { kind: 'weights'; uids: number[]; values: number[] }
  | { kind: 'none'; reason: 'all_scores_zero' }
  | { kind: 'infeasible'; reason: 'weights_infeasible' }

/**
 * The vector to send, by uid (mechanism.md section 5): scores capped to the largest share, scaled to u16 with
 * the largest at 65535, padded with 1 to the minimum number, or to all neurons if there are fewer.
 */
export function weightVector(input: WeightInput): WeightVector {
  const { maxWeightLimit: limit } = input
  const scored = positiveScores(input)
  if (scored.length === 0) return { kind: 'none', reason: 'all_scores_zero' }
  // With k·L < 1, no k values satisfy the share limit: equal ones come closest, and padding may still fix it.
  const reachable = scored.length * limit >= U16_MAX
  const scores = scored.map(({ scorePpm }) => scorePpm)
  const capped = reachable ? capShares(scores, limit) : scores.map(() => 1)
  const largest = Math.max(...capped)
  const scaled = capped.map((s) => Math.max(1, Math.floor((U16_MAX * s) / largest)))
  // Nobody can set more weights than there are neurons, and the chain does not require it.
  const least = Math.min(input.minAllowed, input.neurons.length)
  const padding = padUids(input, new Set(scored.map(({ uid }) => uid)), least)
  const uids = [...scored.map(({ uid }) => uid), ...padding]
  const values = fitShares(scaled, padding.length, limit, reachable)
  if (values === null || uids.length < least) {
    return { kind: 'infeasible', reason: 'weights_infeasible' }
  }
  const sorted = uids.map((uid, i) => ({ uid, value: values[i]! })).sort((a, b) => a.uid - b.uid)
  return {
    kind: 'weights',
    uids: sorted.map(({ uid }) => uid),
    values: sorted.map(({ value }) => value),
  }
}

/**
 * The uids whose score would go to another hotkey than it was computed for, lowest first. Padding is nobody's
 * score, even if the uid had a score that left with its hotkey before the vector was computed.
 * @param uids of the vector
 * @param neurons the current ones; the input's are those that the vector was computed for
 */
export function changedUids(
  input: Pick<WeightInput, 'scores' | 'neurons' | 'ownUid' | 'standingCheats'>,
  uids: readonly number[],
  neurons: WeightInput['neurons'],
): number[] {
  const now = new Map(neurons.map(({ uid, hotkey }) => [uid, hotkey]))
  const sent = new Set(uids)
  return positiveScores(input)
    .filter(({ uid, hotkey }) => sent.has(uid) && now.get(uid) !== hotkey)
    .map(({ uid }) => uid)
}

/** Zero for changed hotkeys, the verifier's own uid and cheats. */
function positiveScores({
  scores,
  neurons,
  ownUid,
  standingCheats,
}: Pick<WeightInput, 'scores' | 'neurons' | 'ownUid' | 'standingCheats'>): WeightInput['scores'] {
  const hotkeys = new Map(neurons.map(({ uid, hotkey }) => [uid, hotkey]))
  return scores
    .filter((s) => s.scorePpm > 0 && s.uid !== ownUid && hotkeys.get(s.uid) === s.hotkey)
    .filter((s) => !standingCheats.includes(s.hotkey))
    .sort((a, b) => a.uid - b.uid || compareText(a.hotkey, b.hotkey))
}

/**
 * The largest vector below `values` in which no value exceeds floor(L·Σ), L = limit/65535. It exists, and is
 * min(value, c) for the largest c ≤ L·Σ min(value, c): the limit of repeatedly lowering the values above the
 * share to a common c. Bisection finds it.
 */
export function capShares(values: readonly number[], limit: number): number[] {
  const capAt = (c: number): number[] => values.map((value) => Math.min(value, c))
  let low = 0
  let high = Math.max(...values)
  while (low < high) {
    const c = Math.ceil((low + high) / 2)
    if (c <= shareOf(capAt(c), limit)) low = c
    else high = c - 1
  }
  return capAt(low)
}

function shareOf(values: readonly number[], limit: number): number {
  return Math.floor((limit * values.reduce((sum, value) => sum + value, 0)) / U16_MAX)
}

/** Lowest uids first; the verifier's own uid and cheats only if nobody else remains. */
function padUids(input: WeightInput, taken: ReadonlySet<number>, least: number): number[] {
  const missing = Math.max(0, least - taken.size)
  const isLast = (n: { uid: number; hotkey: string }): boolean =>
    n.uid === input.ownUid || input.standingCheats.includes(n.hotkey)
  return input.neurons
    .filter((neuron) => !taken.has(neuron.uid))
    .sort((a, b) => Number(isLast(a)) - Number(isLast(b)) || a.uid - b.uid)
    .slice(0, missing)
    .map(({ uid }) => uid)
}

/**
 * Checks the share again on what the chain will see: rounding to u16 can push capped values slightly above
 * it, and they are lowered by that much. Nothing else is adjusted: padding must not end up with the weight of
 * a score.
 */
function fitShares(
  scaled: readonly number[],
  padding: number,
  limit: number,
  reachable: boolean,
): number[] | null {
  const values = [...scaled, ...Array<number>(padding).fill(1)]
  if (Math.max(...values) <= shareOf(values, limit)) return values
  return reachable ? capShares(values, limit) : null
}
