import type { JSX } from 'preact'
import type { IntervalLine } from '../api-types.js'
import { count } from '../format.js'
import { VerdictBadge } from '../parts/badges.js'

/** What the checks of an interval found, as counts by verdict. */
export function Outcome({ line }: { line: IntervalLine }): JSX.Element {
  if (line.checks === null) return <span class="muted">shown when it is final</span>
  if (line.checks === 0) return <span class="muted">none</span>
  const rest = line.checks - (line.passes ?? 0) - (line.cheats ?? 0) - (line.fails ?? 0)
  return (
    <span class="row counts">
      <Counted n={line.passes ?? 0} verdict="pass" />
      <Counted n={line.cheats ?? 0} verdict="cheat" />
      <Counted n={line.fails ?? 0} verdict="fail" />
      {rest > 0 && <span class="muted">{count(rest)} undecided</span>}
    </span>
  )
}

function Counted({
  n,
  verdict,
}: {
  n: number
  verdict: 'pass' | 'cheat' | 'fail'
}): JSX.Element | null {
  if (n === 0) return null
  return (
    <span class="nowrap">
      {count(n)} <VerdictBadge verdict={verdict} />
    </span>
  )
}
