import type { JSX } from 'preact'
import type { Interval } from '../api-types.js'
import { time } from '../format.js'
import { Icon } from '../parts/icons.js'
import { FINAL, weightsWords } from '../words.js'

interface Step {
  readonly name: string
  /** When it was done; or in words. */
  readonly when: string | null
  readonly words?: string
  readonly state: 'done' | 'now' | 'later' | 'lost'
}

/** The steps of an interval in their order, each with its time. */
export function Steps({ interval }: { interval: Interval }): JSX.Element {
  return (
    <ol class="steps">
      {stepsOf(interval).map((step, i) => (
        <li
          key={step.name}
          class={step.state}
          aria-current={step.state === 'now' ? 'step' : undefined}
        >
          <span class="dot">
            {step.state === 'done' && <Icon name="check" />}
            {step.state === 'lost' && <Icon name="cross" />}
          </span>
          <strong>{step.name}</strong>
          <span class="muted small">
            {step.when === null ? step.words : <When iso={step.when} whole={i === 0} />}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** The date is only shown once. @param whole whether to show it */
function When({ iso, whole }: { iso: string; whole: boolean }): JSX.Element {
  const full = time(iso)
  return (
    <time dateTime={iso} title={full}>
      {whole ? full : full.split(', ').at(-1)}
    </time>
  )
}

/** The steps; if an interval has failed, it stopped at the first one that is not done. */
function stepsOf(interval: Interval): Step[] {
  const steps = courseOf(interval)
  if (!interval.failed || FINAL.includes(interval.phase)) return steps
  const stopped = steps.findIndex(({ state }) => state !== 'done')
  return steps.map((step, i) =>
    i < stopped || step.state === 'done'
      ? step
      : i === stopped
        ? { ...step, state: 'lost', words: 'stopped here' }
        : { ...step, words: 'not reached' },
  )
}

function courseOf(interval: Interval): Step[] {
  const { phase, weights, record } = interval
  const lost = phase === 'lapsed' || phase === 'missed'
  const later = (words = 'to come'): Pick<Step, 'state' | 'words'> =>
    lost ? { state: 'lost', words: phase } : { state: 'later', words }
  const step = (name: string, when: string | null, isNow: boolean): Step =>
    when !== null
      ? { name, when, state: 'done' }
      : isNow
        ? { name, when: null, state: 'now', words: 'now' }
        : { name, when: null, ...later() }
  const settled = phase === 'settled'
  return [
    step('Announced', interval.announced_at, false),
    step('Opened', interval.opened_at, phase === 'open'),
    {
      name: 'Rounds',
      when: null,
      ...(phase === 'rounds'
        ? { state: 'now', words: 'provers are being asked' }
        : interval.opened_at !== null &&
            (interval.closed_at !== null || phase === 'audit' || phase === 'settling')
          ? { state: 'done', words: roundsWords(interval) }
          : later()),
    },
    {
      name: 'Audit',
      when: null,
      ...(phase === 'audit'
        ? { state: 'now', words: 'answers are being recomputed' }
        : phase === 'settling' || settled
          ? { state: 'done', words: 'done' }
          : later()),
    },
    step('Settled', interval.settled_at, phase === 'settling'),
    {
      name: 'Weights',
      when: null,
      ...(weights === null
        ? later(settled ? 'being decided' : 'to come')
        : {
            state: ['confirmed', 'included'].includes(weights.state) ? 'done' : 'later',
            words: weightsWords(weights),
          }),
    } as Step,
    step('Record signed', record?.signed_at ?? null, false),
  ]
}

function roundsWords({ rounds }: Interval): string {
  return rounds === null ? 'over' : `${rounds.length} at random moments`
}
