import type { JSX } from 'preact'
import type { Interval, NetworkSummary, RecordList } from '../api-types.js'
import { Hashes } from '../intervals/hashes.js'
import { Empty, Loading, ProblemNotice } from '../parts/notice.js'
import { PageHead, Section } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { AuditsOfOthers } from './audits.js'
import { auditCommand, Command } from './command.js'

const EVERY_MS = 15_000

/** `/judge`: what binds the verifier, and how anybody can check it. */
export function JudgePage(): JSX.Element {
  useTitle('Check the judge')
  const path = '/v1/network/records?limit=50'
  const { data, problem, again } = useApi<RecordList>(path, EVERY_MS)
  const chain = useApi<NetworkSummary>('/v1/network').data?.chain ?? null
  const n = data?.data.find((line) => line.public)?.n ?? null
  return (
    <div class="stack">
      <PageHead title="Check the judge">
        <p class="lead">
          A verifier decides who is paid. Nobody has to believe it: what it may do is bound before
          an interval begins, and what it did can be recomputed afterwards, on any machine.
        </p>
      </PageHead>
      {problem !== null && <ProblemNotice problem={problem} again={again} old={data !== null} />}
      {data === null ? (
        problem === null && <Loading lines={6} />
      ) : n === null ? (
        <Section title="Check an interval">
          <Empty title="No record is public yet">
            <p>
              The first one is, when its weights are in the open on the chain and a later interval
              has settled.
            </p>
          </Empty>
        </Section>
      ) : (
        <CheckInterval n={n} chain={chain} />
      )}
      <AuditsOfOthers chain={chain} />
      <Binding />
      <Section title="What rests on its word">
        <ul class="facts-list">
          <li>
            That an answer was late, broken off or lost (<em>fail</em>): both ends of a connection
            can say so, and nobody else saw it. Other verifiers ask the same provers: compare them
            with <code>fractal audit --compare</code>.
          </li>
          <li>
            What its GPU computed, until somebody with a machine of the same determinism class
            computes it again.
          </li>
          <li>
            The words of users’ requests, which the record has as hashes only. Who sent one, and who
            answered it, can compare.
          </li>
        </ul>
      </Section>
    </div>
  )
}

/** The command for one interval, and what it is checked against. */
function CheckInterval({ n, chain }: { n: number; chain: NetworkSummary['chain'] }): JSX.Element {
  const { data, problem, again } = useApi<Interval>(`/v1/network/intervals/${n}`)
  return (
    <>
      <Section title={`Check interval ${n}`}>
        <Command text={auditCommand(String(n), chain)} />
        <p class="muted small note">
          In a clone of Fractal’s repository, after <code>npm ci</code>: no database, no key, no
          GPU. From the public record alone it computes draws, who was asked, rates, moves, scores
          and the weight vector again, and compares the vector with the chain. It ends with one
          sentence and exit code 0, or says what differs, and where.
        </p>
      </Section>
      {problem !== null && <ProblemNotice problem={problem} again={again} old={data !== null} />}
      {data !== null && <Hashes interval={data} />}
    </>
  )
}

function Binding(): JSX.Element {
  return (
    <Section title="In plain words">
      <ul class="facts-list">
        <li>
          <strong>Before.</strong> Whom it asks, when and for what follows from a secret and the
          hash of a block. It signed the secret’s hash before the interval began, and nobody chooses
          the block’s: neither it nor a prover could choose.
        </li>
        <li>
          <strong>After.</strong> It signs a record with the secret and everything that came of it.
          Each record names the hash of the one before, so that none can be left out or changed
          later.
        </li>
        <li>
          <strong>On the chain.</strong> The weights follow from the record by integer arithmetic
          that gives the same on every machine.
        </li>
        <li>
          <strong>A cheat has evidence.</strong> One file with both signatures, what the prover
          committed to and what was computed again; its hash is in the prover’s verdicts. The
          accused gets it, and whoever has it can check it:
          <Command text="npx fractal evidence verify evidence.json --recompute" />
        </li>
        <li>
          <strong>Your own video</strong> has a receipt, which the{' '}
          <a href="/playground">playground</a> checks, and so does
          <Command text="npx fractal receipt verify receipt.json --recompute" />
        </li>
      </ul>
    </Section>
  )
}
