import type { ComponentChildren, JSX } from 'preact'
import type { IntervalLine } from '../api-types.js'
import { count } from '../format.js'
import { PhaseBadge } from '../parts/badges.js'
import { Icon } from '../parts/icons.js'
import { Ago } from '../parts/live.js'
import { Loading, Notice } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { PHASE_WORDS } from '../words.js'
import { IntervalStrip, outcome } from './interval-strip.js'

/** Intervals in the strip. */
export const STRIP_PLACES = 24

/**
 * The progress of the newest interval, the results of the last settled one, and earlier ones as a strip.
 * @param intervals newest first; null until they are known: a placeholder is shown
 */
export function NewestInterval({
  intervals,
  temporal,
}: {
  intervals: readonly IntervalLine[] | null
  /** URL of the interval loop in Temporal's UI. */
  temporal: string | null
}): JSX.Element {
  return (
    <Section
      title="Intervals"
      of="newest"
      aside={
        <span class="row">
          {temporal !== null && (
            <a href={temporal} class="row link-out" rel="noreferrer" target="_blank">
              In Temporal <Icon name="link" />
            </a>
          )}
          <a href="/intervals">All intervals</a>
        </span>
      }
    >
      {intervals === null ? (
        <Loading lines={4} />
      ) : intervals.length === 0 ? (
        <p class="muted">The first is announced when the verifier has started.</p>
      ) : (
        <Shown intervals={intervals} />
      )}
    </Section>
  )
}

function Shown({ intervals }: { intervals: readonly IntervalLine[] }): JSX.Element {
  // The next interval is announced early; that is not interesting yet.
  const newest = intervals.find(({ phase }) => phase !== 'announced') ?? intervals[0]!
  const settled = intervals.find(({ phase }) => phase === 'settled')
  return (
    <div class="stack tight">
      <div class="pair">
        <Told
          name="Newest"
          interval={newest}
          beside={<PhaseBadge phase={newest.phase} failed={newest.failure !== null} />}
        >
          Blocks {count(newest.first_block)} to {count(newest.last_block)}.{' '}
          {newest.failure === null && PHASE_WORDS[newest.phase]}
        </Told>
        {settled !== undefined && (
          <Told
            name="Last settled"
            interval={settled}
            beside={
              settled.settled_at !== null && (
                <span class="muted small">
                  <Ago iso={settled.settled_at} />
                </span>
              )
            }
          >
            {outcome(settled)}
          </Told>
        )}
      </div>
      {newest.failure !== null && (
        <Notice tone="bad" title={`Interval ${newest.n} has failed`}>
          <p class="muted">{newest.failure}</p>
        </Notice>
      )}
      <IntervalStrip intervals={intervals} places={STRIP_PLACES} />
    </div>
  )
}

function Told(props: {
  name: string
  interval: IntervalLine
  beside: ComponentChildren
  children: ComponentChildren
}): JSX.Element {
  return (
    <div>
      <p class="row">
        <span class="muted">{props.name}</span>
        <a class="strong" href={`/intervals/${props.interval.n}`}>
          Interval {props.interval.n}
        </a>
        {props.beside}
      </p>
      <p class="muted told">{props.children}</p>
    </div>
  )
}
