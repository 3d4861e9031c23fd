import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { askJson, asProblem, type Problem } from '../api.js'
import type { Interval, IntervalCheck, Verdict } from '../api-types.js'
import { count, plural } from '../format.js'
import { VerdictBadge } from '../parts/badges.js'
import { CopyButton } from '../parts/copy.js'
import { Hotkey } from '../parts/hotkey.js'
import { Empty, ProblemNotice } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { useShowMore } from '../parts/show-more.js'
import { KIND_NAMES, VERDICT_WORDS, VERDICTS } from '../words.js'

/** Shown at first: an interval has hundreds. */
const SHOWN = 12

/** The verdicts of an interval, optionally filtered by verdict. */
export function Checks({ interval }: { interval: Interval }): JSX.Element {
  const [older, setOlder] = useState<readonly IntervalCheck[]>([])
  const [next, setNext] = useState(interval.verdicts_next)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [wanted, setWanted] = useState<Verdict | null>(null)
  useEffect(() => {
    setOlder([])
    setNext(interval.verdicts_next)
    setWanted(null)
  }, [interval.n])
  const all = [...(interval.verdicts ?? []), ...older]
  const [shown, rest] = useShowMore(
    wanted === null ? all : all.filter(({ verdict }) => verdict === wanted),
    SHOWN,
  )

  const more = async (): Promise<void> => {
    try {
      const page = await askJson<Interval>(
        `/v1/network/intervals/${interval.n}?verdicts_after=${encodeURIComponent(next!)}`,
      )
      setOlder([...older, ...(page.verdicts ?? [])])
      setNext(page.verdicts_next)
      setProblem(null)
    } catch (thrown) {
      setProblem(asProblem(thrown))
    }
  }

  return (
    <Section
      title="Verdicts"
      aside={<span class="muted small">{plural(all.length, 'check')}</span>}
    >
      {all.length === 0 ? (
        <Empty title="Nothing was checked in it" />
      ) : (
        <div class="stack tight">
          <fieldset class="chips bare">
            <legend class="hidden-but-read">Show only one verdict</legend>
            <button
              type="button"
              class="chip"
              aria-pressed={wanted === null}
              onClick={() => setWanted(null)}
            >
              all {count(all.length)}
            </button>
            {VERDICTS.filter((verdict) => all.some((check) => check.verdict === verdict)).map(
              (verdict) => (
                <button
                  key={verdict}
                  type="button"
                  class="chip"
                  title={VERDICT_WORDS[verdict]}
                  aria-pressed={wanted === verdict}
                  onClick={() => setWanted(verdict)}
                >
                  {verdict} {count(all.filter((check) => check.verdict === verdict).length)}
                </button>
              ),
            )}
          </fieldset>
          {wanted !== null && <p class="muted small">{VERDICT_WORDS[wanted]}</p>}
          <div class="table-wrap">
            <table class="cards compact">
              <caption class="hidden-but-read">Verdicts of interval {interval.n}</caption>
              <thead>
                <tr>
                  <th scope="col">Verdict</th>
                  <th scope="col">Prover</th>
                  <th scope="col">Of</th>
                  <th scope="col">Request</th>
                  <th scope="col">Why</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((check) => (
                  <tr
                    key={`${check.request_id} ${check.kind}`}
                    class={check.verdict === 'pass' ? 'routine' : ''}
                  >
                    <td>
                      <VerdictBadge verdict={check.verdict} />
                    </td>
                    <td class="last">
                      <Hotkey hotkey={check.hotkey} />
                    </td>
                    <td class="nowrap middle">{KIND_NAMES[check.kind]}</td>
                    <td class="nowrap mono extra">
                      <span title={check.request_id}>{check.request_id.slice(0, 8)}</span>
                      <CopyButton text={check.request_id} what="request id" />
                    </td>
                    <td class="reason wide" title={check.reason}>
                      {check.reason_text}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {rest}
          {problem !== null && <ProblemNotice problem={problem} again={more} />}
          {next !== null && problem === null && rest === null && (
            <p>
              <button type="button" class="button small" onClick={more}>
                Show more
              </button>
            </p>
          )}
        </div>
      )}
      <p class="muted small note">
        Checks of users’ answers are counted with them; the answers themselves are not listed.
      </p>
    </Section>
  )
}
