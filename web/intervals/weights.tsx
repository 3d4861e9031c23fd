import type { JSX } from 'preact'
import type { Interval } from '../api-types.js'
import { count } from '../format.js'
import { Bar } from '../parts/bar.js'
import { Hotkey } from '../parts/hotkey.js'
import { Empty } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { useShowMore } from '../parts/show-more.js'
import { capital, weightsWords } from '../words.js'

/** The vector that was set on the chain, the largest first. */
export function Weights({ interval }: { interval: Interval }): JSX.Element {
  const { weights } = interval
  const lines = (weights?.uids ?? [])
    .map((uid, i) => ({ uid, value: weights?.values_u16?.[i] ?? 0 }))
    .sort((a, b) => b.value - a.value || a.uid - b.uid)
  const [shown, rest] = useShowMore(lines)
  const most = Math.max(1, ...lines.map(({ value }) => value))
  return (
    <Section
      title="Weights"
      aside={<span class="muted small">{capital(weightsWords(weights))}</span>}
    >
      {weights?.reason != null && <p class="muted">{weights.reason}</p>}
      {lines.length === 0 ? (
        <Empty title={emptyTitle(interval)} />
      ) : (
        <div class="table-wrap">
          <table class="bars">
            <caption class="hidden-but-read">Weights, the largest first</caption>
            <thead>
              <tr>
                <th scope="col">Prover</th>
                <th scope="col" class="num">
                  Weight
                </th>
                <th scope="col">
                  <span class="hidden-but-read">As a bar</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ uid, value }) => {
                const hotkey = interval.scores.find((score) => score.uid === uid)?.hotkey
                return (
                  <tr key={uid}>
                    <td class="nowrap">
                      {hotkey === undefined ? `uid ${uid}` : <Hotkey hotkey={hotkey} />}
                    </td>
                    <td class="num">{count(value)}</td>
                    <td class="bar-cell">
                      <Bar part={value} of={most} />
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
      {rest}
      {weights?.commit_block != null && (
        <p class="muted small note">
          Committed to in block {count(weights.commit_block)}
          {weights.included_block === null &&
            weights.reveal_first_block !== null &&
            weights.reveal_last_block !== null &&
            `, to be revealed in blocks ${count(weights.reveal_first_block)} to ${count(weights.reveal_last_block)}`}
          .
        </p>
      )}
      {weights?.included_block != null && (
        <p class="muted small note">
          In block {count(weights.included_block)}
          {weights.read_back_ok === true && ', read back and equal'}
          {weights.read_back_ok === false && ', read back and not equal'}.
        </p>
      )}
    </Section>
  )
}

function emptyTitle({ weights, phase }: Interval): string {
  if (weights === null)
    return phase === 'missed' || phase === 'lapsed' ? 'None: it was not settled' : 'Not decided yet'
  return weights.uids === null ? 'Shown once the chain reveals them' : 'None were set'
}
