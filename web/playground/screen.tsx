import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask, asProblem, type Problem } from '../api.js'
import type { Video } from '../api-types.js'
import { Icon } from '../parts/icons.js'
import { ProblemNotice } from '../parts/notice.js'

/** The newest frame while the video is being made, then the video. */
export function Screen({
  video,
  frames,
  useSeed,
}: {
  video: Video | null
  frames: readonly (string | undefined)[]
  useSeed: (seed: number) => void
}): JSX.Element {
  const { address, problem } = useContent(video)
  const newest = frames.filter((frame) => frame !== undefined).at(-1)
  const [width = 1, height = 1] = video?.size.split('x').map(Number) ?? []
  return (
    <>
      <div
        class={`screen ${width < 256 ? 'small' : ''}`}
        style={{ aspectRatio: `${width} / ${height}` }}
      >
        {address !== null ? (
          <video
            src={address}
            autoplay={!matchMedia('(prefers-reduced-motion: reduce)').matches}
            loop
            muted
            playsInline
            controls
            aria-label={`The video: ${video!.prompt}`}
          />
        ) : newest !== undefined ? (
          <img src={newest} alt="The newest frame" />
        ) : (
          <span class="waiting" aria-hidden="true">
            <Icon name="play" />
          </span>
        )}
      </div>
      {problem !== null && <ProblemNotice problem={problem} />}
      {address !== null && (
        <p class="row">
          <a class="button small" href={address} download={`${video!.id}.mp4`}>
            <Icon name="download" />
            Download the MP4
          </a>
          <span class="muted small">
            {video!.size.replace('x', ' × ')}, {video!.num_frames} frames, {video!.seconds} s, seed{' '}
            {video!.seed}
          </span>
          <button type="button" class="button quiet small" onClick={() => useSeed(video!.seed)}>
            Use its seed
          </button>
        </p>
      )}
    </>
  )
}

/** The MP4 as a blob URL: the API requires a key, which a video element can't send. */
function useContent(video: Video | null): { address: string | null; problem: Problem | null } {
  const id = video?.status === 'completed' ? video.id : null
  const [state, setState] = useState<{
    id: string | null
    address: string | null
    problem: Problem | null
  }>({ id: null, address: null, problem: null })
  useEffect(() => {
    if (id === null) return
    const asking = new AbortController()
    let made: string | null = null
    ask(`/v1/videos/${id}/content`, { signal: asking.signal })
      .then((res) => res.blob())
      .then((blob) => {
        if (asking.signal.aborted) return
        made = URL.createObjectURL(blob)
        setState({ id, address: made, problem: null })
      })
      .catch((thrown) => {
        if (!asking.signal.aborted) setState({ id, address: null, problem: asProblem(thrown) })
      })
    return () => {
      asking.abort()
      if (made !== null) URL.revokeObjectURL(made)
    }
  }, [id])
  return state.id === id ? state : { address: null, problem: null }
}
