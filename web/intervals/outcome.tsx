import type { ComponentChildren, JSX } from 'preact'
import type { IntervalLine } from '../api-types.js'
import { count } from '../format.js'
import { VerdictBadge } from '../parts/badges.js'

/** The results of an interval's checks, as counts that line up between rows. */
export function Outcome({ line }: { line: IntervalLine }): JSX.Element {
  if (line.hidden_because !== null) {
    return (
      <span class="muted" title={line.hidden_because_text ?? undefined}>
        {line.hidden_because === 'not_final'
          ? 'shown when it is final'
          : 'shown when its weights are out'}
      </span>
    )
  }
  if (line.checks === null || line.checks === 0) return <span class="muted">none</span>
  const { passes, cheats, fails } = line
  const rest = line.checks - (passes ?? 0) - (cheats ?? 0) - (fails ?? 0)
  return (
    <span class="counts">
      <Counted n={passes ?? 0}>
        <VerdictBadge verdict="pass" />
      </Counted>
      <Counted n={cheats ?? 0}>
        <span class="caught-words">caught</span>
      </Counted>
      <Counted n={fails ?? 0}>
        <VerdictBadge verdict="fail" />
      </Counted>
      <Counted n={rest}>
        <span class="muted">undecided</span>
      </Counted>
    </span>
  )
}

/** A count of 0 keeps its place. */
function Counted({ n, children }: { n: number; children: ComponentChildren }): JSX.Element {
  if (n === 0) return <span />
  return (
    <span class="nowrap">
      {count(n)} {children}
    </span>
  )
}
