import type { JSX } from 'preact'
import type { Video } from '../api-types.js'
import { Notice } from '../parts/notice.js'

/** What can be done about it, by the code of the error. */
const HINTS: Record<string, string> = {
  no_prover_available:
    'No prover can take requests now. The network page says who is reachable; try again in a moment.',
  generation_failed:
    'Every prover that was asked has failed. Try again, or ask for something smaller.',
  invalid_request: 'Two provers call the request invalid: change it.',
  internal_error: 'This is the network’s own fault. Try again.',
}

/** How it ended, if that needs an explanation. */
export function Ended({ video }: { video: Video }): JSX.Element | null {
  if (video.status === 'completed' && video.cancel_requested) {
    return (
      <Notice title="The cancel came too late">
        <p class="muted">The video was finished before it arrived.</p>
      </Notice>
    )
  }
  if (video.status !== 'failed' || video.error === null) return null
  const { code, message } = video.error
  if (code === 'cancelled') {
    return (
      <Notice title={`Cancelled at ${video.progress} %`}>
        <p class="muted">
          Whoever was at work on it stops between two denoising steps. It counts neither for nor
          against a prover.
        </p>
      </Notice>
    )
  }
  return (
    <Notice tone="bad" title="The video failed">
      <p class="muted">
        {message} {HINTS[code] ?? ''}
      </p>
      <span class="muted small mono">{code}</span>
    </Notice>
  )
}
