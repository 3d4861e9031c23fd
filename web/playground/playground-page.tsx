import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { asProblem, type Problem, post } from '../api.js'
import type { List, Model, Video } from '../api-types.js'
import { KeyForm, KeyInUse, useKey } from '../parts/key-form.js'
import { Notice, ProblemNotice } from '../parts/notice.js'
import { PageHead } from '../parts/section.js'
import { useTitle } from '../parts/title.js'
import { useApi } from '../use-api.js'
import { CodePanel } from './code-panel.js'
import { History } from './history.js'
import { bodyOf, NOTHING_WANTED, type VideoBody, type Wanted, wantedOf } from './request.js'
import { RequestForm } from './request-form.js'
import { Stage } from './stage.js'
import { useVideo } from './use-video.js'

/** `/playground`: from a prompt to a video, and its receipt. */
export function PlaygroundPage(): JSX.Element {
  useTitle('Playground')
  const { query, route } = useLocation()
  // In the address, so that a reload continues to watch it.
  const id = /^video_[0-9a-f]{24}$/.test(query.video ?? '') ? query.video! : null
  const key = useKey()
  const models = useApi<List<Model>>(key === null ? null : '/v1/models')
  const stage = useRef<HTMLElement>(null)
  const [wanted, setWanted] = useState<Wanted>(() => ({
    ...NOTHING_WANTED,
    prompt: query.prompt ?? '',
  }))
  const [asked, setAsked] = useState<{ id: string; body: VideoBody } | null>(null)
  const [asking, setAsking] = useState(false)
  // Whether the last request returned a video that already existed.
  const [had, setHad] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const watched = useVideo(key === null ? null : id)
  const { video } = watched
  const refused = models.problem?.status === 401
  const running = asking || video?.status === 'queued' || video?.status === 'in_progress'

  // A video opened from the list or by a reload fills the form, once; except for its seed, with which the
  // next one would not count.
  useEffect(() => {
    if (video !== null && asked?.id !== video.id) {
      setWanted({ ...wantedOf(video), seed: '' })
      setHad(false)
      setAsked({ id: video.id, body: bodyOf(wantedOf(video)) })
    }
  }, [video?.id])

  const submit = async (): Promise<void> => {
    const body = bodyOf(wanted)
    setAsking(true)
    setProblem(null)
    setHad(false)
    try {
      const made = await post<Video>('/v1/videos', body)
      setAsked({ id: made.id, body })
      setHad(made.id === id || made.status === 'completed')
      route(`/playground?video=${made.id}`, id !== null)
      // On a phone it is below the form.
      stage.current?.scrollIntoView({ block: 'nearest' })
    } catch (thrown) {
      setProblem(asProblem(thrown))
    } finally {
      setAsking(false)
    }
  }

  const change = (changes: Partial<Wanted>): void => {
    setWanted({ ...wanted, ...changes })
    setHad(false)
  }

  return (
    <div class="stack">
      <PageHead title="Playground" aside={<KeyInUse />}>
        <p class="lead">
          From a prompt to a video, made by a prover somewhere, with a receipt that you can check
          here yourself.
        </p>
      </PageHead>
      {key === null && (
        <Notice icon="key" title="A key is needed to make videos">
          <KeyForm />
        </Notice>
      )}
      {models.problem !== null && <ProblemNotice problem={models.problem} again={models.again} />}
      <div class="bench">
        <RequestForm
          wanted={wanted}
          change={change}
          model={models.data?.data[0] ?? null}
          problem={problem}
          disabled={key === null || refused || running}
          running={running}
          had={had}
          submit={submit}
        />
        <Stage
          place={stage}
          watched={watched}
          asking={asking}
          asked={asked !== null && asked.id === id ? asked.body : null}
          problem={problem}
          again={submit}
          useSeed={(seed) => change({ seed: String(seed) })}
        />
        <CodePanel body={bodyOf(wanted)} />
      </div>
      {key !== null && !refused && <History current={id} changed={`${id} ${video?.status}`} />}
    </div>
  )
}
