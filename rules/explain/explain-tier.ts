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
  /** A line that is not met costs the tier in such an interval. Empty in Bronze: there is none below. */
  thisTier: TierLines
  /** All met: such an interval promotes. Null at the top. */
  nextTier: TierLines | null
  /** The way straight back, for who was Challenger and fell by downtime only; else null. */
  fastReturn: TierLines | null
}

/**
 * The decisions of `decideMove`, line by line, for those who ask why: each line is one condition of
 * it, from the same constants and functions, and a property test holds the two together.
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
