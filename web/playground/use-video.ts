import { useEffect, useState } from 'preact/hooks'
import { asProblem, type Problem } from '../api.js'
import type { Video } from '../api-types.js'
import { type VideoNews, watchVideo } from './watch-video.js'

export interface Watched {
  readonly video: Video | null
  /** URLs of the frames received, by index from 0; only of the newest attempt. */
  readonly frames: readonly (string | undefined)[]
  /** How many attempts sent frames: above 1, a prover has failed and another took over. */
  readonly attempts: number
  /** Why it is not being followed, although it has not ended. */
  readonly problem: Problem | null
}

interface State extends Watched {
  readonly id: string | null
  readonly attempt: string | null
}

const nothing = (id: string | null): State => ({
  id,
  video: null,
  frames: [],
  attempts: 0,
  attempt: null,
  problem: null,
})

/** Follows one video from its first state to its last. */
export function useVideo(id: string | null): Watched {
  const [state, setState] = useState<State>(() => nothing(id))
  useEffect(() => {
    setState(nothing(id))
    if (id === null) return
    const watching = new AbortController()
    const fail = (problem: Problem | null): void => {
      if (!watching.signal.aborted) setState((now) => ({ ...now, problem }))
    }
    watchVideo(id, (event) => setState((now) => after(now, event)), fail, watching.signal).catch(
      (thrown) => fail(asProblem(thrown)),
    )
    return () => watching.abort()
  }, [id])
  return state.id === id ? state : nothing(id)
}

function after(now: State, event: VideoNews): State {
  if (event.type !== 'video.frame') return { ...now, video: event.video }
  // A failover starts again with the first frame.
  const same = event.attempt === now.attempt
  const frames = same ? [...now.frames] : []
  frames[event.index - 1] = event.image
  return {
    ...now,
    frames,
    attempt: event.attempt,
    attempts: same ? now.attempts : now.attempts + 1,
  }
}
