import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { askJson, asProblem, type Problem } from '../api.js'
import type { ProverDetail } from '../api-types.js'
import { ppm } from '../format.js'
import { VerdictBadge } from '../parts/badges.js'
import { CopyButton } from '../parts/copy.js'
import { Ago } from '../parts/live.js'
import { Empty, ProblemNotice } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { useShowMore } from '../parts/show-more.js'
import { KIND_NAMES } from '../words.js'

/** Shown at first: the reasons are long, and mostly the same. */
const SHOWN = 8

type Line = ProverDetail['verdicts'][number]

/** Its verdicts with their reasons, newest first; older ones page by page. */
export function Verdicts({ prover }: { prover: ProverDetail }): JSX.Element {
  const [older, setOlder] = useState<readonly Line[]>([])
  const [next, setNext] = useState<string | null | undefined>(undefined)
  const [problem, setProblem] = useState<Problem | null>(null)
  const cursor = next === undefined ? prover.verdicts_next : next
  // The newest page is reloaded repeatedly; what has moved to an older page must only be shown once.
  const known = new Set(prover.verdicts.map(keyOf))
  const lines = [...prover.verdicts, ...older.filter((line) => !known.has(keyOf(line)))]
  const [shown, rest] = useShowMore(lines, SHOWN)

  const more = async (): Promise<void> => {
    try {
      const page = await askJson<ProverDetail>(
        `/v1/network/provers/${prover.hotkey}?verdicts_after=${encodeURIComponent(cursor!)}`,
      )
      setOlder([...older, ...page.verdicts])
      setNext(page.verdicts_next)
      setProblem(null)
    } catch (thrown) {
      setProblem(asProblem(thrown))
    }
  }

  return (
    <Section title="Verdicts" aside={<span class="muted small">of settled intervals</span>}>
      {lines.length === 0 ? (
        <Empty title="No verdict yet">
          <p>Verdicts are shown when their interval has settled.</p>
        </Empty>
      ) : (
        <div class="table-wrap">
          <table class="cards compact">
            <caption class="hidden-but-read">Verdicts, the newest first</caption>
            <thead>
              <tr>
                <th scope="col">Verdict</th>
                <th scope="col">Of</th>
                <th scope="col">Why</th>
                <th scope="col" class="num">
                  Reward
                </th>
                <th scope="col">Interval</th>
                <th scope="col">Request</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((line) => (
                <tr key={keyOf(line)} class={line.verdict === 'pass' ? 'routine' : ''}>
                  <td>
                    <VerdictBadge verdict={line.verdict} />
                  </td>
                  <td class="nowrap middle">{KIND_NAMES[line.kind]}</td>
                  <td class="reason wide" title={line.reason}>
                    {line.reason_text}
                  </td>
                  <td class="num mono extra">
                    {line.reward_ppm === null ? 'none' : ppm(line.reward_ppm, 2)}
                  </td>
                  <td class="nowrap last">
                    <a href={`/intervals/${line.interval}`}>
                      <span class="on-phone">interval </span>
                      {line.interval}
                    </a>{' '}
                    <span class="muted small">
                      <Ago iso={line.decided_at} />
                    </span>
                  </td>
                  <td class="nowrap mono extra">
                    <span title={line.request_id}>{line.request_id.slice(0, 8)}</span>
                    <CopyButton text={line.request_id} what="request id" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rest}
      {problem !== null && <ProblemNotice problem={problem} again={more} />}
      {cursor !== null && problem === null && rest === null && (
        <p class="more">
          <button type="button" class="button small" onClick={more}>
            Show older verdicts
          </button>
        </p>
      )}
    </Section>
  )
}

function keyOf(line: Line): string {
  return `${line.request_id} ${line.kind}`
}
