import type { JSX } from 'preact'
import type { Interval } from '../api-types.js'
import { TierBadge } from '../parts/badges.js'
import { Hotkey } from '../parts/hotkey.js'
import { Empty } from '../parts/notice.js'
import { Section } from '../parts/section.js'

/** Who was promoted or relegated at its end. */
export function IntervalMoves({ moves }: { moves: Interval['moves'] }): JSX.Element {
  return (
    <Section title="Moves">
      {moves.length === 0 ? (
        <Empty title="Nobody moved" />
      ) : (
        <ul class="facts-list">
          {moves.map((move) => (
            <li key={move.hotkey} class="row">
              <Hotkey hotkey={move.hotkey} />
              <span class="row nowrap">
                <TierBadge tier={move.from_tier} />
                <span aria-hidden="true">→</span>
                <span class="hidden-but-read">to</span>
                <TierBadge tier={move.to_tier} />
              </span>
              <span class="muted small">{move.reason_text}</span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
