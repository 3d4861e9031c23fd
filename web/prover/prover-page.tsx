import type { JSX } from 'preact'
import { useRoute } from 'preact-iso/router'
import type { ProverDetail } from '../api-types.js'
import { count, percent, ppm, short } from '../format.js'
import { TierBadge } from '../parts/badges.js'
import { CopyButton } from '../parts/copy.js'
import { Live } from '../parts/live.js'
import { Empty, Loading, ProblemNotice } from '../parts/notice.js'
import { Fact, PageHead, Section } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { TIER_NAMES } from '../words.js'
import { Caught } from './caught.js'
import { HistoryChart } from './history-chart.js'
import { Moves } from './moves.js'
import { Routing } from './routing.js'
import { ScoreParts } from './score-parts.js'
import { TierConditions } from './tier-conditions.js'
import { Verdicts } from './verdicts.js'

const EVERY_MS = 8_000

/** `/provers/{hotkey}`: why it is in its tier, and what it would take to leave it. */
export function ProverPage(): JSX.Element {
  const { hotkey = '' } = useRoute().params
  useTitle(`Prover ${short(hotkey)}`)
  const path = `/v1/network/provers/${encodeURIComponent(hotkey)}`
  const { data, at, problem, again } = useApi<ProverDetail>(path, EVERY_MS)

  return (
    <div class="stack">
      <p class="small">
        <a href="/">← Network</a>
      </p>
      <PageHead
        title={
          <span class="row">
            Prover <span class="mono h1-mono">{short(hotkey)}</span>
            {data !== null && <TierBadge tier={data.tier} />}
          </span>
        }
        aside={<Live at={at} stale={problem !== null} />}
      >
        <p class="mono small muted full">
          {hotkey} <CopyButton text={hotkey} what="hotkey" />
          {data !== null && ` uid ${data.uid}`}
        </p>
      </PageHead>
      {problem?.status === 404 ? (
        <Empty title="No prover has this hotkey here">
          <p>
            It may be registered since the running interval opened: provers are read from the chain
            when an interval opens.
          </p>
        </Empty>
      ) : (
        problem !== null && <ProblemNotice problem={problem} again={again} old={data !== null} />
      )}
      {data === null && problem === null && <Loading lines={9} />}
      {data !== null && <Found prover={data} />}
    </div>
  )
}

function Found({ prover }: { prover: ProverDetail }): JSX.Element {
  const last = prover.last_settled_interval
  const requests = last && percent(last.request_successes, last.request_attempts)
  const checks = last && percent(last.checks_passed, last.checks_judged)
  return (
    <>
      {prover.cheats.total > 0 && <Caught prover={prover} />}
      <Section title={`Why ${TIER_NAMES[prover.tier]}?`}>
        <p class="why">{prover.why}</p>
        <TierConditions prover={prover} />
      </Section>
      <dl class="facts card">
        <Fact name="Score">{ppm(prover.score_ppm)}</Fact>
        <Fact name="Weight">{prover.weight_u16 === null ? 'none' : count(prover.weight_u16)}</Fact>
        <Fact name="Requests">
          {requests ?? 'none'} {last !== null && <small>interval {last.n}</small>}
        </Fact>
        <Fact name="Validations">
          {checks ?? 'none'} {last !== null && <small>interval {last.n}</small>}
        </Fact>
        <Fact name="Cheats in all">{count(prover.cheats.total)}</Fact>
        <Fact name="Successes in all">{count(prover.total_successes)}</Fact>
      </dl>
      <Section title="History" aside={<span class="muted small">settled intervals</span>}>
        {prover.history.length === 0 ? (
          <Empty title="No settled interval yet">
            <p>Rates and score appear when the first interval has settled.</p>
          </Empty>
        ) : (
          <HistoryChart history={prover.history} />
        )}
      </Section>
      <div class="two">
        <ScoreParts prover={prover} />
        <Moves
          key={prover.hotkey}
          moves={prover.moves}
          tier={prover.tier}
          caught={prover.cheats.total > 0}
        />
      </div>
      <Verdicts prover={prover} />
      <Routing prover={prover} />
    </>
  )
}
