import type { JSX, RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { asProblem, type Problem, post } from '../api.js'
import type { Video } from '../api-types.js'
import { plural } from '../format.js'
import { Notice, ProblemNotice } from '../parts/notice.js'
import { ReceiptPanel } from '../receipt/receipt-panel.js'
import { Film } from './film.js'
import { Ended } from './outcome.js'
import type { VideoBody } from './request.js'
import { Screen } from './screen.js'
import type { Watched } from './use-video.js'

/** Shows the video being made. */
export function Stage(props: {
  place: RefObject<HTMLElement | null>
  watched: Watched
  asking: boolean
  /** The request sent from this page. */
  asked: VideoBody | null
  /** Why the request was refused. */
  problem: Problem | null
  again: () => void
  /** Requests the same video again, with its seed. */
  useSeed: (seed: number) => void
}): JSX.Element {
  const { watched, asking, asked, problem } = props
  const { video, frames } = watched
  if (problem !== null) {
    return (
      <section class="card stage" aria-label="Video" ref={props.place}>
        <ProblemNotice problem={problem} again={props.again} />
      </section>
    )
  }
  if (watched.problem !== null && video === null) {
    return (
      <section class="card stage" aria-label="Video" ref={props.place}>
        <ProblemNotice problem={watched.problem} />
      </section>
    )
  }
  return (
    <section class="card stage" aria-label="Video" ref={props.place} aria-busy={asking}>
      <Screen video={video} frames={frames} useSeed={props.useSeed} />
      {video === null ? (
        <p class="muted" role="status">
          {asking ? 'Asking …' : 'The frames appear here when the steps are done, then the video.'}
        </p>
      ) : (
        <>
          <Progress video={video} stage={props.place} />
          <Film count={video.num_frames} frames={frames} />
          {watched.attempts > 1 && (
            <p class="muted small">
              A prover failed; another took over. That is attempt {watched.attempts}.
            </p>
          )}
          {watched.problem !== null && <ProblemNotice problem={watched.problem} />}
          <Ended video={video} />
          {video.status === 'completed' && (
            <ReceiptPanel key={video.id} video={video} asked={asked} />
          )}
        </>
      )}
    </section>
  )
}

/** The progress in words and as a bar, and a button to cancel. */
function Progress({
  video,
  stage,
}: {
  video: Video
  stage: RefObject<HTMLElement | null>
}): JSX.Element {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [cancelling, setCancelling] = useState(false)
  const running = video.status === 'queued' || video.status === 'in_progress'
  // The button disappears, and the focus with it, so the result of the cancellation gets the focus.
  useEffect(() => {
    const notice = stage.current?.querySelector<HTMLElement>('.notice')
    if (running || !cancelling || notice == null || document.activeElement !== document.body) return
    notice.tabIndex = -1
    notice.focus()
  }, [running])
  const cancel = async (): Promise<void> => {
    setCancelling(true)
    setProblem(null)
    try {
      await post(`/v1/videos/${video.id}/cancel`)
    } catch (thrown) {
      setProblem(asProblem(thrown))
      setCancelling(false)
    }
  }
  return (
    <>
      {/* Announced when it changes: each state, and each quarter of the progress. */}
      <p class="hidden-but-read" role="status">
        {video.status === 'in_progress'
          ? `In progress, ${25 * Math.floor(video.progress / 25)} %`
          : sayStatus(video)}
      </p>
      {running && (
        <div class="progress">
          <div class="row spread">
            <strong>{sayStatus(video)}</strong>
            <button
              type="button"
              class="button small"
              disabled={cancelling || video.cancel_requested}
              onClick={cancel}
            >
              {cancelling || video.cancel_requested ? 'Stopping …' : 'Cancel'}
            </button>
          </div>
          <progress
            max="100"
            value={video.status === 'queued' ? undefined : video.progress}
            aria-label="Progress of the video"
          />
        </div>
      )}
      {problem !== null && <ProblemNotice problem={problem} again={cancel} />}
      {video.warnings.includes('prompt_truncated') && (
        <Notice tone="warn" title="The model read only the beginning of the prompt" />
      )}
    </>
  )
}

function sayStatus(video: Video): string {
  switch (video.status) {
    case 'queued':
      if (video.queue_position === null) return 'Queued: a prover is being chosen'
      return video.queue_position === 0
        ? 'Queued: next at its prover'
        : `Queued: ${plural(video.queue_position, 'request')} before it at its prover`
    case 'in_progress':
      return `In progress: ${video.progress} %`
    case 'completed':
      return 'Completed'
    case 'failed':
      return video.error?.code === 'cancelled' ? 'Cancelled' : 'Failed'
  }
}
