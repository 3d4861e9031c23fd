import type { JSX } from 'preact'
import type { ProverMove, Tier } from '../api-types.js'
import { TierBadge } from '../parts/badges.js'
import { Icon } from '../parts/icons.js'
import { Ago } from '../parts/live.js'
import { Empty } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { useShowMore } from '../parts/show-more.js'
import { TIER_NAMES, TIERS } from '../words.js'

/** Promotions and relegations, each with its reason. */
export function Moves({
  moves,
  tier,
  caught,
}: {
  moves: readonly ProverMove[]
  tier: Tier
  /** Whether it was ever caught cheating. */
  caught: boolean
}): JSX.Element {
  const [shown, rest] = useShowMore(moves, 5)
  return (
    <Section title="Moves">
      {moves.length === 0 ? (
        <Empty title="It has never moved">
          <p>
            {tier === 'bronze' && caught
              ? 'It was caught cheating, and there is no tier below Bronze.'
              : `Everybody starts in Bronze; this one is in ${TIER_NAMES[tier]}.`}
          </p>
        </Empty>
      ) : (
        <ol class="moves">
          {shown.map((move) => {
            const up = TIERS.indexOf(move.to_tier) < TIERS.indexOf(move.from_tier)
            return (
              <li key={move.n}>
                <span class={`move ${up ? 'verdict-pass' : 'verdict-cheat'}`}>
                  <Icon name={up ? 'up' : 'down'} />
                </span>
                <div>
                  <p class="row">
                    {up ? 'Promoted to' : 'Relegated to'} <TierBadge tier={move.to_tier} />
                    <span class="muted small">
                      <a href={`/intervals/${move.n}`}>interval {move.n}</a>, <Ago iso={move.at} />
                    </span>
                  </p>
                  <p class="muted small">{move.reason_text}</p>
                </div>
              </li>
            )
          })}
        </ol>
      )}
      {rest}
    </Section>
  )
}
