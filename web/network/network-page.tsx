import type { JSX } from 'preact'
import type { IntervalList, List, NetworkSummary, Prover, TierLine } from '../api-types.js'
import { Live } from '../parts/live.js'
import { Empty, Loading, ProblemNotice } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { NetworkFacts } from './network-facts.js'
import { NewestInterval, STRIP_PLACES } from './newest-interval.js'
import { ProverTable } from './prover-table.js'
import { Samples } from './samples.js'
import { SAMPLES_MODEL } from './samples-model.js'

/** Often enough to watch an interval, rarely enough for a thousand viewers. */
const PROVERS_MS = 4_000
const TIERS_MS = 15_000

/** `/`: sample videos, provers by tier, and the progress of the newest interval. */
export function NetworkPage(): JSX.Element {
  useTitle('Network')
  const provers = useApi<List<Prover>>('/v1/network/provers', PROVERS_MS)
  const tiers = useApi<List<TierLine>>('/v1/network/tiers', TIERS_MS)
  const intervals = useApi<IntervalList>(`/v1/network/intervals?limit=${STRIP_PLACES}`, PROVERS_MS)
  const summary = useApi<NetworkSummary>('/v1/network', TIERS_MS)
  const problem = provers.problem ?? intervals.problem ?? tiers.problem
  const model = summary.data?.model

  return (
    <div class="stack">
      <Hero samples={model === undefined || model === SAMPLES_MODEL} />
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
      {(problem === null || provers.data !== null) && (
        <>
          <NetworkFacts
            provers={provers.data?.data ?? null}
            intervals={intervals.data?.data ?? null}
            summary={summary.data}
          />
          <NewestInterval
            intervals={intervals.data?.data ?? null}
            temporal={summary.data?.temporal_ui ?? null}
          />
        </>
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

/** @param samples whether the network's model makes videos like the samples */
function Hero({ samples }: { samples: boolean }): JSX.Element {
  return (
    <div class="hero">
      <div class="hero-words">
        <h1>Videos from GPUs that nobody has to trust</h1>
        <p class="lead">
          The same request gives the same bytes. So the verifier recomputes some of the answers and
          compares them: provers with equal answers climb the tiers and earn, cheats are caught.
        </p>
        <p class="row">
          <a class="button primary" href="/playground">
            Make a video
          </a>
          <a class="button" href="/docs">
            Use the API
          </a>
        </p>
      </div>
      {samples && <Samples />}
    </div>
  )
}
