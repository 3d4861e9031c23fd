import { U16_MAX } from '../constants.js'
import type { WeightInput, WeightVector } from '../settle/weights.js'

export interface WeightReason {
  readonly uid: number
  readonly hotkey: string
  readonly scorePpm: number
  /** Of 65535; 0: none. */
  readonly value: number
  readonly why: string
}

/** Why each prover gets the weight that it gets, and who else gets one; by uid. */
export function weightReasons(input: WeightInput, vector: WeightVector): WeightReason[] {
  const values = new Map(
    vector.kind === 'weights' ? vector.uids.map((uid, i) => [uid, vector.values[i]!]) : [],
  )
  const hotkeys = new Map(input.neurons.map(({ uid, hotkey }) => [uid, hotkey]))
  const weighed = input.scores.filter((score) => nothing(score, input, hotkeys) === null)
  const sum = weighed.reduce((total, { scorePpm }) => total + scorePpm, 0)
  const largest = Math.max(...values.values())
  const ofScores = input.scores.map(({ uid, hotkey, scorePpm }): WeightReason => {
    const why = nothing({ uid, hotkey, scorePpm }, input, hotkeys)
    const value = why === null ? (values.get(uid) ?? 0) : 0
    return {
      uid,
      hotkey,
      scorePpm,
      value,
      why: why ?? scored(scorePpm, sum, value, largest, input),
    }
  })
  const named = new Set(weighed.map(({ uid }) => uid))
  const padding = [...values].flatMap(([uid, value]): WeightReason[] => {
    if (named.has(uid)) return []
    const why = `the subnet wants ${input.minAllowed} weights, and fewer have a score`
    return [{ uid, hotkey: hotkeys.get(uid)!, scorePpm: 0, value, why }]
  })
  // Who has no score and pads is told once.
  const padded = new Set(padding.map(({ uid, hotkey }) => `${uid} ${hotkey}`))
  return [
    ...ofScores.filter(({ uid, hotkey }) => !padded.has(`${uid} ${hotkey}`)),
    ...padding,
  ].sort((a, b) => a.uid - b.uid)
}

/** Why a score weighs nothing; null when it weighs. In the order of mechanism.md section 5. */
function nothing(
  { uid, hotkey, scorePpm }: WeightInput['scores'][number],
  { ownUid, standingCheats }: WeightInput,
  hotkeys: ReadonlyMap<number, string>,
): string | null {
  if (uid === ownUid) return 'this verifier itself'
  if (standingCheats.includes(hotkey)) return 'a cheat in the interval'
  const now = hotkeys.get(uid)
  if (now === undefined) return 'no longer registered'
  if (now !== hotkey) return 'its uid belongs to another hotkey now'
  return scorePpm > 0 ? null : 'no score'
}

function scored(
  scorePpm: number,
  sum: number,
  value: number,
  largest: number,
  { maxWeightLimit }: WeightInput,
): string {
  const share = `${((100 * scorePpm) / sum).toFixed(1)} % of all scores`
  const isCapped =
    maxWeightLimit < U16_MAX && value === largest && scorePpm * U16_MAX > maxWeightLimit * sum
  return isCapped
    ? `${share}, more than the subnet’s largest share of ${((100 * maxWeightLimit) / U16_MAX).toFixed(1)} %`
    : share
}
