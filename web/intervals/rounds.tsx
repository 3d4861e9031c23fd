import type { JSX } from 'preact'
import type { Interval } from '../api-types.js'
import { count, plural } from '../format.js'

/** When in the interval's blocks the rounds were. The list below the line says the same. */
export function Rounds({ interval }: { interval: Interval }): JSX.Element {
  const { first_block: first, last_block: last } = interval
  const rounds = interval.rounds!
  const place = (block: number): string => `${(100 * (block - first)) / Math.max(1, last - first)}%`
  return (
    <div class="rounds">
      <div class="blocks" aria-hidden="true">
        {rounds.map((round) => (
          <span
            key={round.round}
            style={{ left: place(round.moment_block) }}
            title={`Round ${round.round + 1}, block ${round.moment_block}`}
          >
            {round.round + 1}
          </span>
        ))}
      </div>
      <p class="row spread muted small" aria-hidden="true">
        <span>block {count(first)}</span>
        <span>block {count(last)}</span>
      </p>
      <details>
        <summary>{plural(rounds.length, 'round')}, as a list</summary>
        <ul class="small muted">
          {rounds.map((round) => (
            <li key={round.round}>
              Round {round.round + 1}: block {count(round.moment_block)},{' '}
              {plural(round.requests, 'prover')} asked at once
            </li>
          ))}
        </ul>
      </details>
    </div>
  )
}
