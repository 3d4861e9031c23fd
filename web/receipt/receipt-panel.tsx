import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ReceiptCheck } from '../../formats/receipt/check-receipt.js'
import { askJson, asProblem, type Problem } from '../api.js'
import type { Receipt, Video } from '../api-types.js'
import { TierBadge, VerdictBadge } from '../parts/badges.js'
import { Hotkey } from '../parts/hotkey.js'
import { Icon } from '../parts/icons.js'
import { ProblemNotice } from '../parts/notice.js'
import type { VideoBody } from '../playground/request.js'
import { useApi } from '../use-api.js'
import { KIND_NAMES } from '../words.js'
import { askedOf } from './asked-of.js'
import { CheckResult } from './check-result.js'

import { fetchFrames } from './fetch-frames.js'

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'checking'; readonly frames: number }
  | {
      readonly is: 'checked'
      readonly receipt: Receipt
      readonly check: ReceiptCheck
      readonly frames: readonly Uint8Array[]
    }
  | { readonly is: 'stuck'; readonly problem: Problem }

/** What the prover signed for a video, and its verification in the browser. */
export function ReceiptPanel({
  video,
  asked,
}: {
  video: Video
  asked: VideoBody | null
}): JSX.Element {
  const path = `/v1/videos/${video.id}/receipt`
  const { data: receipt, problem, again } = useApi<Receipt>(path)
  const [state, setState] = useState<State>({ is: 'idle' })

  const check = async (): Promise<void> => {
    setState({ is: 'checking', frames: 0 })
    try {
      // Requested again, so that what is checked is what is shown below; the crypto code is loaded on demand.
      const [fresh, frames, { checkReceipt }, { isSignedBy }] = await Promise.all([
        askJson<Receipt>(path),
        fetchFrames(video.id, video.num_frames, (n) => setState({ is: 'checking', frames: n })),
        import('../../formats/receipt/check-receipt.js'),
        import('./signatures.js'),
      ])
      const result = checkReceipt({
        receipt: fresh,
        frames,
        asked: askedOf(video, asked),
        isSignedBy,
      })
      setState({ is: 'checked', receipt: fresh, check: result, frames })
    } catch (thrown) {
      setState({ is: 'stuck', problem: asProblem(thrown) })
    }
  }

  return (
    <div class="receipt">
      <div class="row spread">
        <h2>Receipt</h2>
        {receipt !== null && (
          <button
            type="button"
            class="button small"
            disabled={state.is === 'checking'}
            onClick={check}
          >
            <Icon name="check" />
            {state.is === 'checking'
              ? `Fetching frames: ${state.frames} of ${video.num_frames}`
              : state.is === 'checked'
                ? 'Check it again'
                : 'Check it'}
          </button>
        )}
      </div>
      {problem !== null && <ProblemNotice problem={problem} again={again} />}
      {receipt !== null && <Summary receipt={state.is === 'checked' ? state.receipt : receipt} />}
      {state.is === 'stuck' && <ProblemNotice problem={state.problem} again={check} />}
      {state.is === 'checked' && (
        <CheckResult receipt={state.receipt} check={state.check} frames={state.frames} />
      )}
    </div>
  )
}

function Summary({ receipt }: { receipt: Receipt }): JSX.Element {
  const { judgment } = receipt
  return (
    <p class="muted">
      Made by <Hotkey hotkey={receipt.prover} />
      {receipt.prover_tier !== null && (
        <>
          {' '}
          (<TierBadge tier={receipt.prover_tier} />)
        </>
      )}
      {receipt.elapsed_ms !== null && <> in {(receipt.elapsed_ms / 1000).toFixed(1)} s</>}.{' '}
      {receipt.counted ? 'It counts for its prover.' : 'It counts for nobody.'}{' '}
      {judgment.state === 'judged' && judgment.verdict !== null ? (
        <>
          The verifier recomputed it: <VerdictBadge verdict={judgment.verdict} /> (
          {judgment.checks.map(({ kind }) => KIND_NAMES[kind]).join(', ')}: {judgment.reason_text})
        </>
      ) : judgment.state === 'not_judged' ? (
        'The verifier did not check it.'
      ) : (
        <>
          Whether the verifier checks it is told when{' '}
          {receipt.interval === null ? (
            'its interval'
          ) : (
            <a href={`/intervals/${receipt.interval}`}>interval {receipt.interval}</a>
          )}{' '}
          is shown: when it is final, and its weights are on the chain.
        </>
      )}{' '}
      <Caught caught={receipt.prover_caught} />
    </p>
  )
}

function Caught({ caught }: { caught: Receipt['prover_caught'] }): JSX.Element | null {
  if (caught === null) return null
  const { interval, checks_passed_since: passed } = caught
  return (
    <span class={caught.last_resort ? 'verdict-cheat' : ''}>
      Its prover’s last cheat was found in{' '}
      <a href={`/intervals/${interval}`}>interval {interval}</a>;{' '}
      {passed === 1 ? 'one check' : `${passed} checks`} passed since.
    </span>
  )
}
