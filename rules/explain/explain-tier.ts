import { type Tier, tierAbove } from '../tiers.js'
import {
  cheatsLine,
  keptRates,
  type MoveRules,
  reachedRates,
  type TierFacts,
  type TierLine,
  totalLine,
  validationsLine,
} from './tier-lines.js'

export interface TierLines {
  tier: Tier
  checks: TierLine[]
}

export interface TierExplanation {
  /** An unmet line costs the tier in an interval like this. Empty in Bronze: there is no lower tier. */
  thisTier: TierLines
  /** If all are met, an interval like this promotes. Null at the top. */
  nextTier: TierLines | null
  /** The direct way back, for a former Challenger that fell because of downtime only; else null. */
  fastReturn: TierLines | null
}

/**
 * Explains the decisions of `decideMove` line by line: each line is one of its conditions, from the same
 * constants and functions, and a property test keeps the two consistent.
 */
export function explainTier(facts: TierFacts, rules: MoveRules): TierExplanation {
  const { tier } = facts
  const above = tierAbove(tier)
  const keeps = tier === 'bronze' ? [] : [...keptRates(facts, rules), cheatsLine(facts)]
  return {
    thisTier: { tier, checks: keeps },
    nextTier:
      above === null
        ? null
        : {
            tier: above,
            checks: [
              ...reachedRates(above, facts),
              cheatsLine(facts),
              totalLine(above, facts, rules),
              validationsLine(facts),
            ],
          },
    fastReturn:
      facts.fastReturn && above !== null
        ? {
            tier: 'challenger',
            checks: [...reachedRates('challenger', facts), cheatsLine(facts)],
          }
        : null,
  }
}
