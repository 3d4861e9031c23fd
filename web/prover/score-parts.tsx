import type { JSX } from 'preact'
import type { ProverDetail } from '../api-types.js'
import { ppm } from '../format.js'
import { Empty } from '../parts/notice.js'
import { Section } from '../parts/section.js'

/** What is kept of a score if nothing was judged (`IDLE_SCORE_PERMILLE` in rules/constants.ts). */
const IDLE_PPM = 999_000

/** The score as a sum of its parts. */
export function ScoreParts({ prover }: { prover: ProverDetail }): JSX.Element {
  const { score } = prover
  return (
    <Section title="How the score came about">
      {score === null ? (
        <Empty title="Not scored yet">
          <p>A score comes with the first settled interval.</p>
        </Empty>
      ) : (
        <>
          <p>{score.text}</p>
          <table class="parts">
            <caption class="hidden-but-read">The parts of the score</caption>
            <tbody>
              {score.observation_ppm === null ? (
                <Part name="Score before" note={share(IDLE_PPM)} value={score.before_ppm} />
              ) : (
                <>
                  <Part
                    name="Mean reward"
                    note="of what was judged"
                    value={score.mean_reward_ppm}
                  />
                  <Part name="× paid capacity" note="in GPUs" value={score.paid_capacity_ppm} />
                  <Part name="× tier factor" note="" value={score.tier_factor_ppm} />
                  <Part
                    name="= observation"
                    note="of this interval"
                    value={score.observation_ppm}
                    sum
                  />
                  <Part
                    name="Score before"
                    note={share(1_000_000 - score.alpha_ppm)}
                    value={score.before_ppm}
                  />
                  <Part
                    name="Observation"
                    note={share(score.alpha_ppm)}
                    value={score.observation_ppm}
                  />
                </>
              )}
              <Part name="= score" note="" value={score.score_ppm} sum />
            </tbody>
          </table>
        </>
      )}
    </Section>
  )
}

function share(ppmShare: number): string {
  return `taken to ${Number((ppmShare / 10_000).toFixed(1))} %`
}

function Part(props: {
  name: string
  note: string
  value: number | null
  sum?: boolean
}): JSX.Element {
  return (
    <tr class={props.sum ? 'sum' : ''}>
      <th scope="row">
        {props.name} <span class="note">{props.note}</span>
      </th>
      <td class="num mono">{props.value === null ? 'none' : ppm(props.value, 6)}</td>
    </tr>
  )
}
