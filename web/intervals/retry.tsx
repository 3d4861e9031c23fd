import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { asProblem, type Problem, post } from '../api.js'
import { useKey } from '../parts/key-form.js'
import { ProblemNotice } from '../parts/notice.js'

/** Runs a failed interval again, for keys with the scope admin. */
export function Retry({ n, done }: { n: number; done: () => void }): JSX.Element {
  const key = useKey()
  const [state, setState] = useState<'idle' | 'asking' | 'started'>('idle')
  const [problem, setProblem] = useState<Problem | null>(null)
  const retry = async (): Promise<void> => {
    setState('asking')
    setProblem(null)
    try {
      await post(`/v1/network/intervals/${n}/retry`)
      setState('started')
      done()
    } catch (thrown) {
      setProblem(asProblem(thrown))
      setState('idle')
    }
  }
  return (
    <>
      <p class="muted">
        Running it again asks nobody twice, and repeats no stored GPU work, no counting and no
        weights. On the verifier’s machine: <code>fractal interval retry {n}</code>
      </p>
      {key === null ? (
        <p class="muted small">With an admin key it can be done from here.</p>
      ) : (
        <p class="row">
          <button type="button" class="button" disabled={state !== 'idle'} onClick={retry}>
            {{ idle: 'Run it again', asking: 'Asking …', started: 'It runs again' }[state]}
          </button>
          <span class="muted small">Needs a key with the scope admin.</span>
        </p>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
    </>
  )
}
