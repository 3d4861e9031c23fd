import { useEffect, useRef, useState } from 'preact/hooks'
import { askJson, asProblem, type Problem } from './api.js'
import { onKeyChange } from './key.js'

export interface Asked<T> {
  /** The last successful response; kept while newer requests fail. */
  readonly data: T | null
  /** When it arrived, in Unix milliseconds. */
  readonly at: number
  /** Why the newest request failed; null after a success. */
  readonly problem: Problem | null
  readonly again: () => void
}

/** The maximum backoff after failures. */
const MAX_WAIT_MS = 30_000

/**
 * Fetches `path`, repeatedly while the page is visible; a hidden page fetches nothing.
 * @param path null: nothing is fetched
 * @param everyMs 0: only once
 */
export function useApi<T>(path: string | null, everyMs = 0): Asked<T> {
  const [state, setState] = useState<{
    path: string | null
    data: T | null
    at: number
    problem: Problem | null
  }>({ path, data: null, at: 0, problem: null })
  const askAgain = useRef(() => {})

  useEffect(() => {
    if (path === null) return
    const asking = new AbortController()
    let timer: number | undefined
    let running = false
    let failures = 0

    const next = (): void => {
      const wait = failures === 0 ? everyMs : Math.min(MAX_WAIT_MS, 2_000 * 2 ** (failures - 1))
      clearTimeout(timer)
      if (wait > 0 && !asking.signal.aborted) timer = window.setTimeout(go, wait)
    }
    const go = async (): Promise<void> => {
      if (running || document.hidden) return
      running = true
      try {
        const data = await askJson<T>(path, { signal: asking.signal })
        failures = 0
        setState({ path, data, at: Date.now(), problem: null })
      } catch (thrown) {
        if (asking.signal.aborted) return
        const problem = asProblem(thrown)
        // A retry can't change these errors, so there is none.
        failures = problem.status >= 400 && problem.status < 429 ? 0 : failures + 1
        setState((before) => ({
          ...(before.path === path ? before : { path, data: null, at: 0 }),
          problem,
        }))
        if (failures === 0) return
      } finally {
        running = false
      }
      next()
    }
    const seen = (): void => {
      if (!document.hidden) void go()
    }
    askAgain.current = () => void go()
    document.addEventListener('visibilitychange', seen)
    window.addEventListener('online', seen)
    const forget = onKeyChange(seen)
    void go()
    return () => {
      asking.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seen)
      window.removeEventListener('online', seen)
      forget()
    }
  }, [path, everyMs])

  const current = state.path === path ? state : { data: null, at: 0, problem: null }
  return { ...current, again: () => askAgain.current() }
}
