import type { JSX } from 'preact'
import type { ProverDetail, TierCheck, TierChecks } from '../api-types.js'
import { TierBadge } from '../parts/badges.js'
import { Icon } from '../parts/icons.js'

/** The requirements of the current and the next tier: each condition as a bar with its threshold marked. */
export function TierConditions({ prover }: { prover: ProverDetail }): JSX.Element {
  const { this_tier: own, next_tier: next } = prover
  return (
    <div class="conditions">
      {own.checks.length > 0 && <Conditions of={own} title="To stay" />}
      {next === null ? (
        <div>
          <h3>The top</h3>
          <p class="muted small">There is no tier above.</p>
        </div>
      ) : (
        <Conditions of={next} title="To be promoted" />
      )}
      {prover.fast_return !== null && <Conditions of={prover.fast_return} title="Straight back" />}
    </div>
  )
}

function Conditions({ of, title }: { of: TierChecks; title: string }): JSX.Element {
  const met = of.checks.filter((check) => check.met).length
  return (
    <div>
      <h3 class="row">
        {title} <TierBadge tier={of.tier} />
        <span class="muted small">
          {met} of {of.checks.length} met
        </span>
      </h3>
      <ul class="checks">
        {of.checks.map((check) => (
          <li key={check.what}>
            <Condition check={check} />
          </li>
        ))}
      </ul>
    </div>
  )
}

const NAMES: Record<string, string> = {
  request_success_rate: 'Request success rate',
  validation_success_rate: 'Validation success rate',
  total_successes: 'Total successes',
  passed_validations_since_last_move: 'Validations passed since the last move',
  cheats: 'Cheats in the last interval that is shown',
}

function Condition({ check }: { check: TierCheck }): JSX.Element {
  return (
    <>
      <p class="check-head">
        <span>{NAMES[check.what] ?? check.what.replaceAll('_', ' ')}</span>
        <span class={`state ${check.met ? 'verdict-pass' : 'verdict-fail'}`}>
          <Icon name={check.met ? 'check' : 'cross'} />
          {check.met ? 'met' : 'missing'}
        </span>
      </p>
      <Meter check={check} />
      <p class="muted small">{check.text}</p>
    </>
  )
}

/** The value, with its threshold marked. The line below says the same in words. */
function Meter({ check }: { check: TierCheck }): JSX.Element | null {
  const { have, of, need, bound, met } = check
  if (bound === 'at_most' || of === 0) return null
  const whole = of ?? Math.max(have, need)
  if (whole <= 0) return null
  const at = (part: number): string => `${(100 * Math.min(1, part / whole)).toFixed(2)}%`
  return (
    <span class={`meter ${met ? 'met' : ''}`} aria-hidden="true">
      <i style={{ width: at(have) }} />
      <b style={{ left: at(need) }} />
    </span>
  )
}
