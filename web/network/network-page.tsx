import type { JSX } from 'preact'
import type { IntervalList, List, NetworkSummary, Prover, TierLine } from '../api-types.js'
import { Live } from '../parts/live.js'
import { Empty, Loading, ProblemNotice } from '../parts/notice.js'
import { PageHead, Section } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { NetworkFacts } from './network-facts.js'
import { NewestInterval } from './newest-interval.js'
import { ProverTable } from './prover-table.js'

/** Often enough to watch an interval, seldom enough for a thousand watchers. */
const PROVERS_MS = 4_000
const TIERS_MS = 15_000
/** Intervals in the strip. */
const SHOWN = 24

/** `/`: provers by tier, and how the newest interval goes. */
export function NetworkPage(): JSX.Element {
  useTitle('Network')
  const provers = useApi<List<Prover>>('/v1/network/provers', PROVERS_MS)
  const tiers = useApi<List<TierLine>>('/v1/network/tiers', TIERS_MS)
  const intervals = useApi<IntervalList>(`/v1/network/intervals?limit=${SHOWN}`, PROVERS_MS)
  const summary = useApi<NetworkSummary>('/v1/network', TIERS_MS)
  const problem = provers.problem ?? intervals.problem ?? tiers.problem

  return (
    <div class="stack">
      <PageHead
        title="Network"
        aside={
          <a class="button primary" href="/playground">
            Make a video
          </a>
        }
      >
        <p class="lead">
          GPUs turn text into video here, and nobody has to trust them: the same request gives the
          same bytes, so the verifier computes some answers again and compares. Who answers as
          computed climbs the tiers and earns; who cheats is caught.
        </p>
      </PageHead>
      {problem !== null && (
        <ProblemNotice
          problem={problem}
          again={() => {
            provers.again()
            intervals.again()
            tiers.again()
          }}
          old={provers.data !== null}
        />
      )}
      {provers.data !== null && <NetworkFacts provers={provers.data.data} summary={summary.data} />}
      {intervals.data !== null && intervals.data.data.length > 0 && (
        <NewestInterval intervals={intervals.data.data} />
      )}
      <Section
        title="Provers by tier"
        aside={<Live at={provers.at} stale={provers.problem !== null} />}
      >
        {provers.data === null || tiers.data === null ? (
          problem === null && <Loading lines={7} />
        ) : provers.data.data.length === 0 ? (
          <Empty title="No provers yet">
            <p>
              They appear when the first interval opens: the verifier then reads from the chain who
              is registered.
            </p>
          </Empty>
        ) : (
          <ProverTable provers={provers.data.data} tiers={tiers.data.data} />
        )}
      </Section>
    </div>
  )
}
