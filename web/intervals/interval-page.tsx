import type { JSX } from 'preact'
import { useRoute } from 'preact-iso/router'
import type { Interval } from '../api-types.js'
import { count } from '../format.js'
import { PhaseBadge } from '../parts/badges.js'
import { Icon } from '../parts/icons.js'
import { Live } from '../parts/live.js'
import { Empty, Loading, Notice, ProblemNotice } from '../parts/notice.js'
import { PageHead, Section } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { FINAL, PHASE_WORDS } from '../words.js'
import { Checks } from './checks.js'
import { Hashes } from './hashes.js'
import { IntervalMoves } from './interval-moves.js'
import { Retry } from './retry.js'
import { Rounds } from './rounds.js'
import { Scores } from './scores.js'
import { Steps } from './steps.js'
import { Weights } from './weights.js'

const EVERY_MS = 4_000

const HOW = (
  <>
    {' '}
    <a href="/judge">Check the judge</a> says how.
  </>
)

/** `/intervals/{n}`: its progress, and its results once it is final. */
export function IntervalPage(): JSX.Element {
  const { n = '' } = useRoute().params
  useTitle(`Interval ${n}`)
  const { data, at, problem, again } = useApi<Interval>(
    `/v1/network/intervals/${encodeURIComponent(n)}`,
    EVERY_MS,
  )
  return (
    <div class="stack">
      <p class="small">
        <a href="/intervals">← Intervals</a>
      </p>
      <PageHead
        title={
          <span class="row">
            Interval {n}
            {data !== null && <PhaseBadge phase={data.phase} failed={data.failed} />}
          </span>
        }
        aside={<Live at={at} stale={problem !== null} />}
      >
        {problem?.status !== 404 && (
          <p class="lead told">
            {data !== null &&
              `Blocks ${count(data.first_block)} to ${count(data.last_block)}. ${
                data.failed && !FINAL.includes(data.phase)
                  ? 'It stopped here, before it was settled.'
                  : PHASE_WORDS[data.phase]
              }`}
          </p>
        )}
        <p class="row small">
          {/^[1-9]\d*$/.test(n) && Number(n) > 1 && (
            <a href={`/intervals/${Number(n) - 1}`}>← Interval {Number(n) - 1}</a>
          )}
          {data !== null && data.phase !== 'announced' && (
            <a href={`/intervals/${data.n + 1}`}>Interval {data.n + 1} →</a>
          )}
          {data?.temporal_url != null && (
            <a href={data.temporal_url} class="row link-out" rel="noreferrer" target="_blank">
              Its workflow in Temporal <Icon name="link" />
            </a>
          )}
        </p>
      </PageHead>
      {problem?.status === 404 ? (
        <Empty title="There is no interval with this number">
          <p>
            They count up from 1. <a href="/intervals">All intervals</a>
          </p>
        </Empty>
      ) : (
        problem !== null && <ProblemNotice problem={problem} again={again} old={data !== null} />
      )}
      {data === null && problem === null && <Loading lines={8} />}
      {data !== null && <Found interval={data} again={again} />}
    </div>
  )
}

const HIDDEN_TITLES: Record<NonNullable<Interval['hidden_because']>, string> = {
  not_final: 'Nothing is shown before it is final',
  weights_to_come: 'Nothing is shown before its weights are out',
}

function Found({ interval, again }: { interval: Interval; again: () => void }): JSX.Element {
  return (
    <>
      {interval.missed_because_text !== null && (
        <Notice title="This interval was missed" role="status">
          <p class="muted">
            Why: {interval.missed_because_text}. It changed no score, tier or weight.
          </p>
        </Notice>
      )}
      {(interval.failure !== null || interval.retryable) && (
        <Notice
          tone="bad"
          title={interval.failed ? 'This interval has failed' : 'This interval is in trouble'}
          role="status"
        >
          {interval.failure !== null && <p class="muted">{interval.failure}</p>}
          {interval.retryable && <Retry n={interval.n} done={again} />}
        </Notice>
      )}
      <Section title="Course">
        <Steps interval={interval} />
        {interval.rounds !== null && interval.rounds.length > 0 && <Rounds interval={interval} />}
      </Section>
      {interval.hidden_because === null ? (
        <>
          <Checks interval={interval} />
          <div class="two">
            <IntervalMoves moves={interval.moves} />
            <Weights interval={interval} />
          </div>
          <Scores scores={interval.scores} />
        </>
      ) : (
        <Empty title={HIDDEN_TITLES[interval.hidden_because]}>
          <p>{interval.hidden_because_text} It appears here then.</p>
        </Empty>
      )}
      <Hashes interval={interval} how={HOW} />
    </>
  )
}
