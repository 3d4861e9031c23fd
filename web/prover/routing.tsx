import type { JSX } from 'preact'
import type { ProverDetail } from '../api-types.js'
import { count, plural } from '../format.js'
import { Icon } from '../parts/icons.js'
import { Ago } from '../parts/live.js'
import { Section } from '../parts/section.js'

/** Whether users' requests reach it, and how much its checks would have found. */
export function Routing({ prover }: { prover: ProverDetail }): JSX.Element {
  const { routing } = prover
  const speed = routing.latency_us_per_work
  return (
    <div class="two">
      <Section title="Users’ requests">
        <ul class="facts-list">
          <li>
            <Breaker prover={prover} />
          </li>
          {prover.reachable === false && (
            <li>
              <span class="state verdict-fail">
                <Icon name="bang" />
                Not reachable
              </span>{' '}
              <span class="muted">{prover.unreachable_reason}</span>
            </li>
          )}
          <li>{routing.text}</li>
          <li>
            {plural(routing.used_last_settled_interval, 'request')} of{' '}
            {count(routing.requests_per_interval_limit)} used in the last settled interval that is
            shown
            {prover.capacity_requests !== null &&
              `; it declared ${prover.capacity_requests} at once`}
            .
          </li>
          <li>
            {speed === null
              ? 'Its speed was not measured in a settled interval yet.'
              : `It takes ${(speed / 1_000_000).toPrecision(2)} µs for a unit of work (one step on one pixel of a frame).`}
          </li>
          {prover.determinism_class !== null && (
            <li>
              <details>
                <summary>Determinism class</summary>
                <p class="mono small full">{prover.determinism_class}</p>
              </details>
            </li>
          )}
        </ul>
      </Section>
      <Section title="What its checks would have caught">
        <p>{prover.detection.text}</p>
        <p class="muted small">{costText(prover.detection)}</p>
        <p class="muted small note">
          Coldkey <span class="mono full">{prover.coldkey}</span>. First seen{' '}
          <Ago iso={prover.first_seen_at} />.
        </p>
      </Section>
    </div>
  )
}

/** The measured GPU time of one check. */
function costText({ full_check_us: full, spot_check_us: spot }: ProverDetail['detection']): string {
  const seconds = (us: number) => `${(us / 1_000_000).toPrecision(2)} s`
  const parts = [
    ...(full === null ? [] : [`a full check took ${seconds(full)}`]),
    ...(spot === null ? [] : [`a spot check ${seconds(spot)}`]),
  ]
  return parts.length === 0
    ? 'What a check costs was not measured yet.'
    : `Measured on the verifier’s GPU, on average: ${parts.join(', ')}.`
}

function Breaker({ prover }: { prover: ProverDetail }): JSX.Element {
  const { breaker, routing } = prover
  // `routing.text` below says why.
  if (!prover.present || prover.reachable !== true) {
    return (
      <span class="state verdict-fail">
        <Icon name="cross" />
        Gets no requests
      </span>
    )
  }
  if (breaker.state === 'closed' && routing.last_resort) {
    return (
      <span class="state verdict-fail">
        <Icon name="bang" />
        Asked last of all
      </span>
    )
  }
  if (breaker.state === 'closed') {
    return (
      <>
        <span class="state verdict-pass">
          <Icon name="check" />
          Gets requests
        </span>{' '}
        <span class="muted">the breaker is closed</span>
      </>
    )
  }
  const failures = `${plural(breaker.failures_in_a_row, 'failure')} in a row`
  return breaker.state === 'half_open' ? (
    <>
      <span class="state verdict-fail">
        <Icon name="question" />
        On probation
      </span>{' '}
      <span class="muted">after {failures} the next request is a probe (half-open)</span>
    </>
  ) : (
    <>
      <span class="state verdict-cheat">
        <Icon name="cross" />
        Gets no requests
      </span>{' '}
      <span class="muted">
        the breaker is open after {failures}
        {breaker.open_until !== null && (
          <>
            {' '}
            until{' '}
            <time dateTime={breaker.open_until}>
              {new Date(breaker.open_until).toLocaleTimeString()}
            </time>
          </>
        )}
      </span>
    </>
  )
}
