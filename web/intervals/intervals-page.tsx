import type { JSX } from 'preact'
import { useLocation } from 'preact-iso/router'
import type { IntervalLine, IntervalList } from '../api-types.js'
import { count } from '../format.js'
import { PhaseBadge } from '../parts/badges.js'
import { Ago, Live } from '../parts/live.js'
import { Empty, Loading, ProblemNotice } from '../parts/notice.js'
import { PageHead, Section } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { FINAL, weightsWords } from '../words.js'
import { Outcome } from './outcome.js'

const PAGE = 25
const EVERY_MS = 4_000

/** `/intervals`: what was judged, newest first. */
export function IntervalsPage(): JSX.Element {
  useTitle('Intervals')
  const { query } = useLocation()
  const before = /^[1-9]\d{0,8}$/.test(query.before ?? '') ? Number(query.before) : null
  const path = `/v1/network/intervals?limit=${PAGE}${before === null ? '' : `&before=${before}`}`
  // Older pages don't change.
  const { data, at, problem, again } = useApi<IntervalList>(path, before === null ? EVERY_MS : 0)
  const oldest = data?.data.at(-1)?.n

  return (
    <div class="stack">
      <PageHead title="Intervals">
        <p class="lead">
          Time runs in intervals of blocks. In each the verifier asks provers at random moments,
          computes the same videos itself, audits answers that users got, and then settles: rates,
          moves, scores, weights. What it will ask is fixed beforehand by a commitment.
        </p>
      </PageHead>
      {problem !== null && <ProblemNotice problem={problem} again={again} old={data !== null} />}
      <Section
        title={before === null ? 'Newest first' : `Before interval ${before}`}
        aside={before === null && <Live at={at} stale={problem !== null} />}
      >
        {data === null ? (
          problem === null && <Loading lines={8} />
        ) : data.data.length === 0 ? (
          <Empty title={before === null ? 'No interval yet' : 'There are no older ones'}>
            <p>
              {before === null
                ? 'The first is announced when the verifier has started.'
                : 'Intervals count up from 1.'}
            </p>
          </Empty>
        ) : (
          <Intervals lines={data.data} />
        )}
      </Section>
      <nav class="pager" aria-label="Pages of the list">
        {before === null ? <span /> : <a href="/intervals">← Newest</a>}
        {data?.has_more && oldest !== undefined && (
          <a href={`/intervals?before=${oldest}`}>Older →</a>
        )}
      </nav>
    </div>
  )
}

function Intervals({ lines }: { lines: readonly IntervalLine[] }): JSX.Element {
  return (
    <div class="table-wrap">
      <table class="cards compact">
        <caption class="hidden-but-read">Intervals, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Interval</th>
            <th scope="col">Phase</th>
            <th scope="col">Blocks</th>
            <th scope="col">Checks</th>
            <th scope="col" class="num">
              Requests
            </th>
            <th scope="col" class="num">
              Moves
            </th>
            <th scope="col">Weights</th>
            <th scope="col">Settled</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.n}>
              <th scope="row">
                <a class="strong" href={`/intervals/${line.n}`}>
                  {line.n}
                </a>
              </th>
              <td>
                <PhaseBadge phase={line.phase} failed={line.failure !== null} />
              </td>
              <td class="nowrap muted extra">
                {count(line.first_block)}–{count(line.last_block)}
              </td>
              <td class="wide">
                <Outcome line={line} />
              </td>
              <td class="num extra">
                <Requests line={line} />
              </td>
              <td class="num extra">
                {line.moves === null ? (
                  <span class="muted">later</span>
                ) : line.moves === 0 ? (
                  <span class="muted">none</span>
                ) : (
                  line.moves
                )}
              </td>
              <td class="muted extra">{weightsWords(line.weights)}</td>
              <td class="nowrap muted last">
                {line.settled_at !== null ? (
                  <Ago iso={line.settled_at} />
                ) : FINAL.includes(line.phase) ? (
                  'never'
                ) : (
                  'not yet'
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Requests({ line }: { line: IntervalLine }): JSX.Element {
  const { request_attempts: attempts, request_successes: successes } = line
  if (attempts === null) return <span class="muted">later</span>
  if (attempts === 0) return <span class="muted">none</span>
  return <>{`${count(successes ?? 0)}/${count(attempts)}`}</>
}
