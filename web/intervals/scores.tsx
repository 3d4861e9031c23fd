import type { JSX } from 'preact'
import type { IntervalScore } from '../api-types.js'
import { count, ppm } from '../format.js'
import { TierBadge } from '../parts/badges.js'
import { Hotkey } from '../parts/hotkey.js'
import { Section } from '../parts/section.js'
import { useShowMore } from '../parts/show-more.js'

/** The interval's result for each prover. */
export function Scores({ scores }: { scores: readonly IntervalScore[] }): JSX.Element | null {
  const [shown, rest] = useShowMore(
    [...scores].sort((a, b) => b.score_after_ppm - a.score_after_ppm || a.uid - b.uid),
  )
  if (scores.length === 0) return null
  return (
    <Section title="Provers">
      <div class="table-wrap">
        <table class="cards">
          <caption class="hidden-but-read">Each prover’s counts and score</caption>
          <thead>
            <tr>
              <th scope="col">Prover</th>
              <th scope="col">Tier after</th>
              <th scope="col" class="num">
                Requests
              </th>
              <th scope="col" class="num">
                Validations
              </th>
              <th scope="col" class="num">
                Wide rounds
              </th>
              <th scope="col" class="num">
                Accepted
              </th>
              <th scope="col" class="num">
                Cheats
              </th>
              <th scope="col" class="num">
                Observation
              </th>
              <th scope="col" class="num">
                Score
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((score) => (
              <tr key={score.hotkey}>
                <td class="wide">
                  <Hotkey hotkey={score.hotkey} /> <span class="muted small">uid {score.uid}</span>
                </td>
                <td>
                  <TierBadge tier={score.tier_after} />
                </td>
                <Counts
                  part={score.request_successes}
                  of={score.request_attempts}
                  name="Requests"
                />
                <Counts part={score.checks_passed} of={score.checks_judged} name="Validations" />
                <Counts part={score.wide_kept} of={score.wide_slots} name="Wide rounds" />
                <Counts part={score.accepted} of={score.offered} name="Accepted" />
                <td
                  class={`num ${score.cheats > 0 ? 'verdict-cheat' : 'muted'}`}
                  data-label="Cheats"
                >
                  {score.cheats}
                </td>
                <td class="num mono" data-label="Observation">
                  {score.observation_ppm === null ? 'none' : ppm(score.observation_ppm)}
                </td>
                <td class="num mono nowrap" data-label="Score">
                  <span class="muted">{ppm(score.score_before_ppm)} → </span>
                  {ppm(score.score_after_ppm)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rest}
    </Section>
  )
}

function Counts({ part, of, name }: { part: number; of: number; name: string }): JSX.Element {
  return (
    <td class="num" data-label={name}>
      {of === 0 ? <span class="muted">none</span> : `${count(part)}/${count(of)}`}
    </td>
  )
}
