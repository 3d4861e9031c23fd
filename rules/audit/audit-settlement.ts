import { snakeName } from '../record/names.js'
import type { ReadRecord } from '../record/read-record.js'
import { settlementInput } from '../record/settlement-input.js'
import { settle } from '../settle/settle.js'
import type { ProverSettlement, Settlement } from '../settle/settlement.js'
import { type WeightInput, weightVector } from '../settle/weights.js'
import { differs, type Finding } from './finding.js'

/**
 * Settles an interval again from its record and computes its weights: rates, moves, totals, shares,
 * observations, scores and the vector must be the same, bit for bit. A lapsed interval has nothing to check.
 * @throws RuleError `bad_input` when its rows don't belong together
 */
export function auditSettlement({ record, answers }: ReadRecord): Finding[] {
  const input = settlementInput(record, answers)
  const { settlement, weights } = record
  if (input === null || settlement === null || weights === null) {
    return record.outcome === 'lapsed'
      ? []
      : [{ where: 'settlement', what: 'is missing, although the interval settled' }]
  }
  const again = settle(input)
  const vector = weightVector(weightInput(settlement, weights))
  return [
    ...differs('settlement.n', settlement.n, again.n),
    ...provers(settlement, again),
    ...differs('settlement.cheating_hotkeys', settlement.cheatingHotkeys, again.cheatingHotkeys),
    ...differs(
      'weights',
      { kind: weights.kind, uids: weights.uids, values: weights.values },
      {
        kind: vector.kind,
        uids: vector.kind === 'weights' ? vector.uids : [],
        values: vector.kind === 'weights' ? vector.values : [],
      },
    ),
  ]
}

/** The chain's state when a vector is computed. */
export interface SendingFacts {
  /** Hotkeys of the subnet's neurons, by uid. */
  neurons: readonly string[]
  ownUid: number | null
  minAllowed: number
  maxWeightLimit: number
}

/** The input of `weightVector` for the scores of a settlement. */
export function weightInput(settlement: Settlement, facts: SendingFacts): WeightInput {
  return {
    scores: settlement.provers.map(({ hotkey, uid, scoreAfter }) => ({
      hotkey,
      uid,
      scorePpm: scoreAfter,
    })),
    standingCheats: settlement.cheatingHotkeys,
    neurons: facts.neurons.map((hotkey, uid) => ({ uid, hotkey })),
    ownUid: facts.ownUid,
    minAllowed: facts.minAllowed,
    maxWeightLimit: facts.maxWeightLimit,
  }
}

function provers(told: Settlement, again: Settlement): Finding[] {
  const names = (settlement: Settlement) => settlement.provers.map(({ hotkey }) => hotkey)
  const others = differs('settlement.provers', names(told), names(again))
  if (others.length > 0) return others
  return told.provers.flatMap((prover, i) => proverFindings(prover, again.provers[i]!))
}

function proverFindings(told: ProverSettlement, again: ProverSettlement): Finding[] {
  const follows = new Map<string, unknown>(Object.entries(again))
  return Object.entries(told).flatMap(([name, value]) =>
    differs(`settlement.provers ${told.hotkey} ${snakeName(name)}`, value, follows.get(name)),
  )
}
