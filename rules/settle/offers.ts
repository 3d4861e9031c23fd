import { compareText } from '../order.js'
import type { AnswerRow, OfferRow, ProverKey } from './settlement.js'

/** Requests to one prover that went alike, answered or not. */
export interface OfferedRow extends ProverKey {
  /** Null without one, as yet or for ever. */
  outcome: AnswerRow['outcome'] | null
  reason: AnswerRow['reason'] | null
  /** How often it was refused and was to be asked again. */
  refusals: number
  /** How many requests. */
  requests: number
}

/**
 * What each prover was offered, and how much of it it refused. A challenge is offered again after each
 * refusal; its last offer is one more, unless that was the refusal that ended it. A user's request that is
 * refused is one offer and goes to another prover.
 * @returns by hotkey and registration; provers that were offered nothing are left out
 */
export function countOffers(rows: readonly OfferedRow[]): OfferRow[] {
  const counts = new Map<string, OfferRow>()
  for (const row of rows) {
    const { hotkey, registeredBlock } = row
    const key = `${hotkey}@${registeredBlock}`
    const before = counts.get(key) ?? { hotkey, registeredBlock, offered: 0, refused: 0 }
    const refused = refusalsOf(row)
    const offered = refused + (wasTaken(row) ? 1 : 0)
    counts.set(key, {
      ...before,
      offered: before.offered + row.requests * offered,
      refused: before.refused + row.requests * refused,
    })
  }
  return [...counts.values()]
    .filter(({ offered }) => offered > 0)
    .sort((a, b) => compareText(a.hotkey, b.hotkey) || a.registeredBlock - b.registeredBlock)
}

function refusalsOf({ outcome, reason, refusals }: OfferedRow): number {
  const ended = outcome === 'refused' || reason === 'refused_below_capacity'
  return Math.max(refusals, ended ? 1 : 0)
}

function wasTaken({ outcome, reason }: OfferedRow): boolean {
  if (outcome === null || outcome === 'refused') return false
  return reason !== 'refused_thrice' && reason !== 'refused_below_capacity'
}
