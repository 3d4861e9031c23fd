import { ActivityFailure, ApplicationFailure, rootCause, TimeoutFailure } from '@temporalio/common'

/** Why an activity failed, in one line: the type and message at the root of the chain of causes. */
export function describeFailure(error: unknown): { type: string; message: string } {
  const cause = error instanceof ActivityFailure ? (error.cause ?? error) : error
  if (cause instanceof ApplicationFailure) {
    return { type: cause.type ?? 'Error', message: cause.message }
  }
  if (cause instanceof TimeoutFailure) return { type: 'Timeout', message: cause.message }
  return { type: 'Error', message: rootCause(error) ?? String(error) }
}

/** What to do about a failure of this type, shown to operators along with it. */
const ADVICE: Record<string, string> = {
  ledger_unavailable: 'bring PostgreSQL back, then retry the interval',
  lease_lost:
    'another deployment judges with this hotkey: stop one of them, then retry the interval',
  chain_unreachable: 'bring the chain endpoint back, then retry the interval',
  another_process_sets_weights: 'stop the other process that sets weights with this hotkey',
}

/** The failure an interval ends with: one line that says what failed and what to do. */
export function intervalFailure(n: number, phase: string, error: unknown): ApplicationFailure {
  const { type, message } = describeFailure(error)
  const advice = ADVICE[type] ?? 'fix the cause, then retry the interval'
  return ApplicationFailure.create({
    message: `interval ${n} failed in ${phase}: ${message}. To do: ${advice} (fractal interval retry ${n})`,
    type: type === 'ledger_unavailable' ? 'LedgerUnavailable' : type,
    nonRetryable: true,
    ...(error instanceof Error ? { cause: error } : {}),
  })
}
