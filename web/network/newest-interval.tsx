import type { JSX } from 'preact'
import type { IntervalLine } from '../api-types.js'
import { count, plural } from '../format.js'
import { PhaseBadge } from '../parts/badges.js'
import { Ago } from '../parts/live.js'
import { Notice } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { capital, FINAL, PHASE_WORDS, weightsWords } from '../words.js'

/** How the newest interval goes, what the last settled one found, and those before as a strip. */
export function NewestInterval({ intervals }: { intervals: readonly IntervalLine[] }): JSX.Element {
  // The one after the running one is announced early; it is no news.
  const newest = intervals.find(({ phase }) => phase !== 'announced') ?? intervals[0]!
  const settled = intervals.find(({ phase }) => phase === 'settled')
  return (
    <Section title="Intervals" aside={<a href="/intervals">All intervals</a>}>
      <div class="stack tight">
        <p class="row">
          <a class="strong" href={`/intervals/${newest.n}`}>
            Interval {newest.n}
          </a>
          <PhaseBadge phase={newest.phase} failed={newest.failure !== null} />
          <span class="muted">
            blocks {count(newest.first_block)} to {count(newest.last_block)}
            {newest.failure === null && ` · ${PHASE_WORDS[newest.phase]}`}
          </span>
        </p>
        {newest.failure !== null && (
          <Notice tone="bad" title={`Interval ${newest.n} has failed`}>
            <p class="muted">{newest.failure}</p>
          </Notice>
        )}
        {settled !== undefined && settled.n !== newest.n && (
          <p class="muted">
            Last settled: <a href={`/intervals/${settled.n}`}>interval {settled.n}</a>
            {settled.settled_at !== null && (
              <>
                , <Ago iso={settled.settled_at} />
              </>
            )}
            . {outcome(settled)}
          </p>
        )}
        <ol class="strip" aria-label="The newest intervals, oldest first">
          {[...intervals].reverse().map((interval) => (
            <li key={interval.n}>
              <a
                href={`/intervals/${interval.n}`}
                class={cellClass(interval)}
                title={`Interval ${interval.n}: ${cellWords(interval)}`}
                aria-label={`Interval ${interval.n}: ${cellWords(interval)}`}
              >
                {cellMark(interval)}
              </a>
            </li>
          ))}
        </ol>
      </div>
    </Section>
  )
}

/** `6 checks: 5 passed, 1 cheat. Weights: read back.` */
function outcome(interval: IntervalLine): string {
  const { checks, passes, cheats, fails } = interval
  // Unproven and abstained.
  const rest = (checks ?? 0) - (passes ?? 0) - (cheats ?? 0) - (fails ?? 0)
  const found =
    checks === null || checks === 0
      ? 'Nothing was checked'
      : [
          `${plural(checks, 'check')}: ${count(passes ?? 0)} passed`,
          ...((cheats ?? 0) > 0 ? [plural(cheats!, 'cheat')] : []),
          ...((fails ?? 0) > 0 ? [`${count(fails!)} failed`] : []),
          ...(rest > 0 ? [`${count(rest)} undecided`] : []),
        ].join(', ')
  const moves = interval.moves === 0 ? '' : ` ${capital(plural(interval.moves, 'move'))}.`
  return `${found}.${moves} Weights: ${weightsWords(interval.weights)}.`
}

function cellClass({ phase, passes, cheats, fails, failure }: IntervalLine): string {
  if (failure !== null) return 'lost'
  if (!FINAL.includes(phase)) return 'running'
  if (phase !== 'settled') return 'lost'
  if ((cheats ?? 0) > 0) return 'caught'
  if ((fails ?? 0) > 0) return 'failed'
  return (passes ?? 0) > 0 ? 'clean' : 'undecided'
}

function cellMark(interval: IntervalLine): string {
  const kind = cellClass(interval)
  if (kind === 'caught') return String(interval.cheats)
  return { running: '·', lost: '–', failed: '!', clean: '✓', undecided: '–' }[kind as 'running']
}

function cellWords(interval: IntervalLine): string {
  if (interval.failure !== null) return 'failed'
  return interval.phase === 'settled' ? outcome(interval) : interval.phase
}
