import type { JSX } from 'preact'
import type { ProverDetail } from '../api-types.js'
import { plural } from '../format.js'
import { CopyButton } from '../parts/copy.js'
import { Ago } from '../parts/live.js'
import { Notice } from '../parts/notice.js'

/** Shown first for a prover that was caught: how often, when last, and the consequences. */
export function Caught({ prover }: { prover: ProverDetail }): JSX.Element {
  const hash =
    prover.verdicts.find((line) => line.evidence_sha256 !== null)?.evidence_sha256 ?? null
  const { total, last_interval: n, last_settled_at: at } = prover.cheats
  return (
    <Notice
      tone="bad"
      title={`Caught cheating: ${plural(total, 'answer')} that it did not compute as asked`}
    >
      <p class="muted">
        The last in <a href={`/intervals/${n}`}>interval {n}</a>
        {at !== null && (
          <>
            , <Ago iso={at} />
          </>
        )}
        . {consequences(prover)}
      </p>
      {hash !== null && (
        <p class="muted small">
          Evidence <span class="mono full">{hash}</span> <CopyButton text={hash} what="hash" />: its
          prover fetches it by <code>fractal evidence get</code>, and anybody who has it{' '}
          <a href="/judge">checks it</a>.
        </p>
      )}
    </Notice>
  )
}

/** The current consequences. */
function consequences({ weight_u16: weight, score_ppm: score, routing }: ProverDetail): string {
  const pay =
    weight === null || weight === 0
      ? 'It has no weight, so it earns nothing.'
      : score === 0
        ? 'Its score is 0.'
        : 'It earns again what its score gives.'
  return `${pay} ${routing.text}`
}
