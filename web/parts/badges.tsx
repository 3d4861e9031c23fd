import type { JSX } from 'preact'
import type { Phase, Tier, Verdict } from '../api-types.js'
import { FINAL, TIER_NAMES, TIERS } from '../words.js'
import { Icon, type IconName } from './icons.js'

/** A tier as a rank of five bars and its name: readable without its colour. */
export function TierBadge({ tier }: { tier: Tier }): JSX.Element {
  const rank = TIERS.length - TIERS.indexOf(tier)
  return (
    <span class={`tier tier-${tier}`}>
      <svg viewBox="0 0 17 14" aria-hidden="true">
        {[1, 2, 3, 4, 5].map((bar) => (
          <rect
            key={bar}
            x={(bar - 1) * 3.5}
            y={14 - bar * 2.6}
            width="2.4"
            height={bar * 2.6}
            rx="0.8"
            fill="currentColor"
            opacity={bar <= rank ? 1 : 0.22}
          />
        ))}
      </svg>
      {TIER_NAMES[tier]}
    </span>
  )
}

const VERDICT_ICONS: Record<Verdict, IconName> = {
  pass: 'check',
  cheat: 'cross',
  fail: 'bang',
  unproven: 'question',
  abstained: 'dash',
}

export function VerdictBadge({
  verdict,
  quiet,
}: {
  verdict: Verdict
  quiet?: boolean
}): JSX.Element {
  return (
    <span class={`verdict verdict-${verdict}`} title={quiet ? verdict : undefined}>
      <Icon name={VERDICT_ICONS[verdict]} />
      {quiet ? <span class="hidden-but-read">{verdict}</span> : verdict}
    </span>
  )
}

export function PhaseBadge({ phase, failed }: { phase: Phase; failed?: boolean }): JSX.Element {
  const stopped = failed && !FINAL.includes(phase)
  const running = !FINAL.includes(phase) && phase !== 'announced' && !failed
  return (
    <span class={`phase phase-${phase} ${running ? 'running' : ''} ${stopped ? 'stopped' : ''}`}>
      {phase}
      {stopped && ': stopped here'}
    </span>
  )
}
