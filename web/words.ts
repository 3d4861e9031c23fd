import type { CheckKind, Phase, Tier, Verdict } from './api-types.js'

export const TIER_NAMES: Record<Tier, string> = {
  challenger: 'Challenger',
  grandmaster: 'Grandmaster',
  gold: 'Gold',
  silver: 'Silver',
  bronze: 'Bronze',
}

/** The best first. */
export const TIERS = Object.keys(TIER_NAMES) as readonly Tier[]

/** What a verdict means, for people who are new to it. */
export const VERDICT_WORDS: Record<Verdict, string> = {
  pass: 'The answer is what the verifier computed.',
  cheat: 'Proven: the answer is not what was asked for.',
  fail: 'No usable answer: late, broken off, malformed or badly signed.',
  unproven: 'Another determinism class: nothing can be proven either way.',
  abstained: 'The verifier’s own fault: it counts for nobody.',
}

export const VERDICTS = Object.keys(VERDICT_WORDS) as readonly Verdict[]

export const KIND_NAMES: Record<CheckKind, string> = {
  answer: 'answer',
  challenge: 'challenge',
  audit: 'audit',
  spotcheck: 'spot check',
}

/** What an interval is doing. */
export const PHASE_WORDS: Record<Phase, string> = {
  announced: 'Its blocks are known; the first is not final yet.',
  open: 'The metagraph is read, the plan is being drawn.',
  rounds: 'Provers are asked at random moments; nothing of it is shown before it ends.',
  audit: 'Its blocks are over; answers that users got are recomputed.',
  settling: 'Rates, moves, scores and weights are being computed.',
  settled: 'Judged and counted. It is final.',
  lapsed: 'Not settled in time: it changes no score, tier or weight.',
  missed: 'It passed before the verifier could begin it: nothing of it counts.',
}

export const FINAL: readonly Phase[] = ['settled', 'lapsed', 'missed']

/** The outcome of an interval's weights. */
export function weightsWords(weights: { kind: string; state: string | null } | null): string {
  if (weights === null) return 'not yet'
  if (weights.kind !== 'weights') return WEIGHT_KINDS[weights.kind] ?? weights.kind
  return WEIGHT_STATES[weights.state ?? ''] ?? weights.state ?? 'not yet'
}

const WEIGHT_KINDS: Record<string, string> = {
  none: 'none: all scores are 0',
  infeasible: 'not feasible',
  disabled: 'switched off',
  superseded: 'superseded',
  lapsed: 'none: lapsed',
}

const WEIGHT_STATES: Record<string, string> = {
  decided: 'decided',
  sent: 'sent',
  committed: 'committed, hidden until the reveal',
  revealing: 'being revealed',
  included: 'on the chain',
  confirmed: 'read back',
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
