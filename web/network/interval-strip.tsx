import type { JSX } from 'preact'
import type { IntervalLine } from '../api-types.js'
import { count, plural } from '../format.js'
import { capital, FINAL, weightsWords } from '../words.js'

/** The outcomes of an interval: mark in the strip, and text in the legend. */
const CELLS = {
  clean: { mark: '✓', means: 'checks passed' },
  caught: { mark: '2', means: 'cheats caught' },
  failed: { mark: '!', means: 'some answers failed' },
  undecided: { mark: '–', means: 'nothing decided' },
  running: { mark: '·', means: 'running' },
  waiting: { mark: '…', means: 'told when its weights are out' },
  lost: { mark: '×', means: 'not settled' },
} as const

type Cell = keyof typeof CELLS

/** The newest intervals, newest on the right, in a fixed number of places. */
export function IntervalStrip({
  intervals,
  places,
}: {
  intervals: readonly IntervalLine[]
  places: number
}): JSX.Element {
  const shown = intervals.slice(0, places).reverse()
  return (
    <div class="strip-box">
      <ol class="strip" aria-label="The newest intervals, oldest first">
        {shown.map((interval) => (
          <li key={interval.n}>
            <a
              href={`/intervals/${interval.n}`}
              class={cellOf(interval)}
              title={`Interval ${interval.n}: ${cellWords(interval)}`}
              aria-label={`Interval ${interval.n}: ${cellWords(interval)}`}
            >
              {cellOf(interval) === 'caught' ? interval.cheats : CELLS[cellOf(interval)].mark}
            </a>
          </li>
        ))}
      </ol>
      <ul class="legend muted small">
        {Object.entries(CELLS).map(([kind, { mark, means }]) => (
          <li key={kind}>
            <span class={`cell ${kind}`} aria-hidden="true">
              {mark}
            </span>
            {means}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** `8 checks: 6 passed, 2 cheats caught. Weights: read back.` */
export function outcome(interval: IntervalLine): string {
  if (interval.hidden_because !== null) {
    return `What it found is told when its weights are in the open on the chain. Weights: ${weightsWords(interval.weights)}.`
  }
  const { checks, passes, cheats, fails } = interval
  // Unproven and abstained.
  const rest = (checks ?? 0) - (passes ?? 0) - (cheats ?? 0) - (fails ?? 0)
  const found =
    checks === null || checks === 0
      ? 'Nothing was checked'
      : [
          `${plural(checks, 'check')}: ${count(passes ?? 0)} passed`,
          ...((cheats ?? 0) > 0 ? [`${plural(cheats!, 'cheat')} caught`] : []),
          ...((fails ?? 0) > 0 ? [`${count(fails!)} failed`] : []),
          ...(rest > 0 ? [`${count(rest)} undecided`] : []),
        ].join(', ')
  const moves = interval.moves ? ` ${capital(plural(interval.moves, 'move'))}.` : ''
  return `${found}.${moves} Weights: ${weightsWords(interval.weights)}.`
}

function cellOf(interval: IntervalLine): Cell {
  const { phase, passes, cheats, fails, failure, hidden_because: hidden } = interval
  if (failure !== null) return 'lost'
  if (!FINAL.includes(phase)) return 'running'
  if (phase !== 'settled') return 'lost'
  if (hidden !== null) return 'waiting'
  if ((cheats ?? 0) > 0) return 'caught'
  if ((fails ?? 0) > 0) return 'failed'
  return (passes ?? 0) > 0 ? 'clean' : 'undecided'
}

function cellWords(interval: IntervalLine): string {
  if (interval.failure !== null) return 'failed'
  return interval.phase === 'settled' ? outcome(interval) : interval.phase
}
