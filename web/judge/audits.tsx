import type { JSX } from 'preact'
import type { AuditedInterval, AuditResults, Audits, NetworkSummary } from '../api-types.js'
import { count, plural } from '../format.js'
import { Ago } from '../parts/live.js'
import { Notice, ProblemNotice } from '../parts/notice.js'
import { Section } from '../parts/section.js'
import { useShowMore } from '../parts/show-more.js'
import { useApi } from '../use-api.js'
import { auditCommand, Command } from './command.js'

const EVERY_MS = 30_000
const SHOWN = 10

/** What somebody who audits this verifier all the time found, where its operator names one; and how to be one. */
export function AuditsOfOthers({ chain }: { chain: NetworkSummary['chain'] }): JSX.Element {
  const { data, problem, again } = useApi<Audits>('/v1/network/audits', EVERY_MS)
  return (
    <Section title="Watch it all the time">
      <div class="stack tight">
        {problem !== null && <ProblemNotice problem={problem} again={again} old={data !== null} />}
        {data?.problem != null && <Notice tone="warn" title={data.problem} role="status" />}
        {data?.results != null && <Results results={data.results} />}
        <Command text={auditCommand('--follow', chain)} />
      </div>
      <p class="muted small note">
        It checks each interval as its record is shown, prints a line each, and ends with exit code
        1 when something does not follow, an interval is hidden, or the verifier tells something
        else than it told before.
      </p>
    </Section>
  )
}

function Results({ results }: { results: AuditResults }): JSX.Element {
  const { by, audited, failures, intervals, looked_at: lookedAt, chain, software } = results
  const [shown, rest] = useShowMore(intervals, SHOWN)
  return (
    <div class="stack tight">
      <Notice
        tone={failures > 0 ? 'bad' : audited > 0 ? 'good' : 'plain'}
        title={
          failures > 0
            ? `${plural(failures, 'failure')} in ${plural(audited, 'audited interval')}`
            : audited > 0
              ? `All of ${plural(audited, 'audited interval')} follows from the records`
              : 'No interval was audited yet'
        }
      >
        <p class="muted">
          Run by <strong>{by}</strong>, as they say of themselves, with Fractal {software};{' '}
          {chain === null ? 'not compared with any chain' : `compared with the chain “${chain}”`}.
          Last looked <Ago iso={lookedAt} />. Nothing signs this: the operator of this API chose to
          show it.
        </p>
      </Notice>
      {shown.length > 0 && (
        <ul class="facts-list">
          {shown.map((interval) => (
            <Audited key={`${interval.n} ${interval.at}`} interval={interval} />
          ))}
        </ul>
      )}
      {rest}
    </div>
  )
}

function Audited({ interval }: { interval: AuditedInterval }): JSX.Element {
  const { n, ok, at, text, findings } = interval
  return (
    <li>
      <p class="row">
        <a class="strong" href={`/intervals/${n}`}>
          Interval {count(n)}
        </a>
        <span class={ok ? 'verdict-pass' : 'verdict-cheat'}>{ok ? 'follows' : 'differs'}</span>
        <span class="muted small">
          <Ago iso={at} />
        </span>
      </p>
      <p class="muted small reason">{text}</p>
      {findings.slice(1).map((finding) => (
        <p class="muted small reason" key={finding}>
          {finding}
        </p>
      ))}
    </li>
  )
}
