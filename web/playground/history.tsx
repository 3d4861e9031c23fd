import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask, askJson, asProblem, type Problem } from '../api.js'
import type { Video, VideoList } from '../api-types.js'
import { useKey } from '../parts/key-form.js'
import { Ago } from '../parts/live.js'
import { Empty, Loading, ProblemNotice } from '../parts/notice.js'
import { Section } from '../parts/section.js'

const PAGE = 12

/** This key's videos, newest first. @param changed any new value reloads the list */
export function History({
  current,
  changed,
}: {
  current: string | null
  changed: string
}): JSX.Element {
  const key = useKey()
  const [videos, setVideos] = useState<readonly Video[] | null>(null)
  const [more, setMore] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)

  const load = async (after: readonly Video[], signal?: AbortSignal): Promise<void> => {
    const last = after.at(-1)
    try {
      const page = await askJson<VideoList>(
        `/v1/videos?limit=${PAGE}${last === undefined ? '' : `&after=${last.id}`}`,
        { signal },
      )
      setVideos([...after, ...page.data])
      setMore(page.has_more)
      setProblem(null)
    } catch (thrown) {
      if (!signal?.aborted) setProblem(asProblem(thrown))
    }
  }
  useEffect(() => {
    const asking = new AbortController()
    void load([], asking.signal)
    return () => asking.abort()
  }, [changed, key])

  return (
    <Section title="Your videos" aside={<span class="muted small">of this key</span>}>
      {problem !== null && <ProblemNotice problem={problem} />}
      {videos === null ? (
        problem === null && <Loading lines={2} />
      ) : videos.length === 0 ? (
        <Empty title="None yet" />
      ) : (
        <ul class="videos">
          {videos.map((video) => (
            <li key={video.id}>
              <a
                href={`/playground?video=${video.id}`}
                aria-current={video.id === current ? 'true' : undefined}
              >
                <Thumbnail video={video} />
                <span class="prompt">{video.prompt}</span>
                <span class="muted small">
                  {video.error?.code === 'cancelled' ? 'cancelled' : video.status.replace('_', ' ')}
                  , <Ago iso={video.created_at * 1000} />
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {more && videos !== null && (
        <button type="button" class="button small" onClick={() => load(videos)}>
          Show older ones
        </button>
      )}
    </Section>
  )
}

function Thumbnail({ video }: { video: Video }): JSX.Element {
  const [address, setAddress] = useState<string | null>(null)
  const { id, status } = video
  useEffect(() => {
    if (status !== 'completed') return
    const asking = new AbortController()
    let made: string | null = null
    ask(`/v1/videos/${id}/content?variant=thumbnail`, { signal: asking.signal })
      .then((res) => res.blob())
      .then((blob) => {
        if (asking.signal.aborted) return
        made = URL.createObjectURL(blob)
        setAddress(made)
      })
      // An expired video has none; the place stays empty.
      .catch(() => {})
    return () => {
      asking.abort()
      if (made !== null) URL.revokeObjectURL(made)
    }
  }, [id, status])
  return (
    <span class="thumb">{address !== null && <img src={address} alt="" loading="lazy" />}</span>
  )
}
