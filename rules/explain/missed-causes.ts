/** Why an interval was missed, each with the explanation shown to people. */
export const MISSED_CAUSES = {
  verifier_down: 'no verifier was running, or none could start',
  ledger_down: 'PostgreSQL was unavailable',
  chain_down: 'the chain could not be read',
  loop_down:
    'the verifier ran, but its interval loop did not: Temporal was unavailable, or somebody ended the loop',
} as const

export type MissedCause = keyof typeof MISSED_CAUSES

/** @param cause null for intervals that an earlier version missed */
export function missedText(cause: MissedCause | null): string {
  return cause === null ? 'it could not be begun in time' : MISSED_CAUSES[cause]
}
