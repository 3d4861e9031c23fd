import type { JSX } from 'preact'
import type { IntervalLine, NetworkSummary, Prover } from '../api-types.js'
import { count } from '../format.js'
import { Hotkey } from '../parts/hotkey.js'
import { Fact } from '../parts/section.js'

/** The grid and its recent results in numbers; unknown ones keep their place. */
export function NetworkFacts({
  provers,
  intervals,
  summary,
}: {
  provers: readonly Prover[] | null
  intervals: readonly IntervalLine[] | null
  summary: NetworkSummary | null
}): JSX.Element {
  const present = provers?.filter((prover) => prover.present)
  const reachable = present?.filter((prover) => prover.reachable !== false).length
  const settled = intervals?.filter(
    ({ phase, hidden_because: hidden }) => phase === 'settled' && hidden === null,
  )
  const sum = (of: (interval: IntervalLine) => number | null): number =>
    settled?.reduce((all, interval) => all + (of(interval) ?? 0), 0) ?? 0
  const within = settled && settled.length > 0 && <small>last {count(settled.length)} shown</small>
  return (
    <dl class="facts card">
      <Fact name="Provers">
        {present === undefined ? (
          '…'
        ) : (
          <>
            {count(present.length)} <small>{reachable} reachable</small>
          </>
        )}
      </Fact>
      <Fact name="Answers checked">
        {settled === undefined ? '…' : count(sum(({ checks }) => checks))} {within}
      </Fact>
      <Fact name="Cheats caught">
        {settled === undefined ? '…' : count(sum(({ cheats }) => cheats))} {within}
      </Fact>
      <Fact name="Model">{summary?.model ?? '…'}</Fact>
      <Fact name="Subnet">
        {summary?.netuid ?? '…'}
        {summary?.profile != null && summary.profile !== 'mainnet' && (
          <small> profile {summary.profile}</small>
        )}
      </Fact>
      <Fact name="Verifier">
        {summary === null ? '…' : <Hotkey hotkey={summary.verifier} link={false} />}
      </Fact>
    </dl>
  )
}
