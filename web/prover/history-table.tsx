import type { JSX } from 'preact'
import type { HistoryPoint } from '../api-types.js'
import { count, percent, ppm } from '../format.js'
import { useShowMore } from '../parts/show-more.js'
import { TIER_NAMES } from '../words.js'

/** The history in numbers, newest first. */
export function HistoryTable({ history }: { history: readonly HistoryPoint[] }): JSX.Element {
  const [shown, rest] = useShowMore([...history].reverse())
  return (
    <div class="table-wrap">
      <table>
        <caption class="hidden-but-read">Rates and score, the newest interval first</caption>
        <thead>
          <tr>
            <th scope="col">Interval</th>
            <th scope="col">Tier</th>
            <th scope="col" class="num">
              Requests
            </th>
            <th scope="col" class="num">
              Validations
            </th>
            <th scope="col" class="num">
              Observation
            </th>
            <th scope="col" class="num">
              Score
            </th>
            <th scope="col" class="num">
              Successes
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((point) => (
            <tr key={point.n}>
              <th scope="row">
                <a href={`/intervals/${point.n}`}>{point.n}</a>
              </th>
              <td>{TIER_NAMES[point.tier]}</td>
              <td class="num nowrap">
                {percent(point.request_successes, point.request_attempts) ?? 'none'}{' '}
                <small class="muted">
                  {count(point.request_successes)}/{count(point.request_attempts)}
                </small>
              </td>
              <td class="num nowrap">
                {percent(point.checks_passed, point.checks_judged) ?? 'none'}{' '}
                <small class="muted">
                  {count(point.checks_passed)}/{count(point.checks_judged)}
                </small>
              </td>
              <td class="num mono">
                {point.observation_ppm === null ? 'none' : ppm(point.observation_ppm)}
              </td>
              <td class="num mono">{ppm(point.score_ppm)}</td>
              <td class="num">{count(point.total_successes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rest}
    </div>
  )
}
