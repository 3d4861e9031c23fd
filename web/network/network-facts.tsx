import type { JSX } from 'preact'
import type { NetworkSummary, Prover } from '../api-types.js'
import { count } from '../format.js'
import { Hotkey } from '../parts/hotkey.js'
import { Icon } from '../parts/icons.js'
import { Fact } from '../parts/section.js'

/** What the grid is, in numbers. */
export function NetworkFacts({
  provers,
  summary,
}: {
  provers: readonly Prover[]
  summary: NetworkSummary | null
}): JSX.Element {
  const present = provers.filter((prover) => prover.present)
  const reachable = present.filter((prover) => prover.reachable !== false).length
  const successes = provers.reduce((sum, prover) => sum + prover.total_successes, 0)
  return (
    <dl class="facts card">
      <Fact name="Provers">
        {count(present.length)} <small>{reachable} reachable</small>
      </Fact>
      <Fact name="Successes in all">{count(successes)}</Fact>
      {summary !== null && (
        <>
          <Fact name="Model">{summary.model}</Fact>
          <Fact name="Subnet">
            {summary.netuid}
            {summary.profile !== null && summary.profile !== 'mainnet' && (
              <small> profile {summary.profile}</small>
            )}
          </Fact>
          <Fact name="Verifier">
            <Hotkey hotkey={summary.verifier} link={false} />
          </Fact>
          {summary.temporal_ui !== null && (
            <Fact name="Loop of intervals">
              <a href={summary.temporal_ui} class="row link-out" rel="noreferrer" target="_blank">
                In Temporal <Icon name="link" />
              </a>
            </Fact>
          )}
        </>
      )}
    </dl>
  )
}
