import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../api.js'
import { apiKey } from '../key.js'
import { Icon, type IconName } from './icons.js'
import { KeyForm } from './key-form.js'

export type Tone = 'plain' | 'bad' | 'warn' | 'good'

const ICONS: Record<Tone, IconName> = { plain: 'clock', bad: 'cross', warn: 'bang', good: 'check' }

export function Notice({
  tone = 'plain',
  icon = ICONS[tone],
  title,
  role,
  children,
}: {
  tone?: Tone
  icon?: IconName
  title: string
  role?: 'alert' | 'status'
  children?: ComponentChildren
}): JSX.Element {
  return (
    <div class={`notice ${tone}`} role={role}>
      <Icon name={icon} />
      <div>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  )
}

/**
 * Why there is no answer, and what to do.
 * @param again tries again; also called automatically after `Retry-After`
 */
export function ProblemNotice({
  problem,
  again,
  old,
}: {
  problem: Problem
  again?: () => void
  /** Whether older data is shown below. */
  old?: boolean
}): JSX.Element {
  const left = useCountdown(problem)
  const { status, code } = problem
  const keyWanted = status === 401
  const title = titleOf(problem)
  return (
    <Notice
      tone={status === 0 || status >= 500 || status === 429 ? 'warn' : 'bad'}
      title={title}
      role="alert"
    >
      <p class="muted">
        {problem.message} {problem.hint ?? ''}
        {old ? ' What is shown below is older.' : ''}
      </p>
      {keyWanted && <KeyForm />}
      {left > 0 && <p class="muted">{`Worth trying again in ${left} s.`}</p>}
      {again !== undefined && !keyWanted && (
        <button type="button" class="button small" onClick={again} disabled={left > 0}>
          Try again
        </button>
      )}
      {status !== 0 && <span class="muted small mono">{code}</span>}
    </Notice>
  )
}

/** What is unavailable, by the code of a 503. */
const AWAY: Record<string, string> = {
  ledger_unavailable: 'The network’s ledger is unavailable for now',
  temporal_unavailable: 'The network’s workflows are unavailable for now',
  overloaded: 'The server is overloaded',
  shutting_down: 'The server is restarting',
}

function titleOf({ status, code }: Problem): string {
  if (code === 'offline') return 'The API does not answer'
  if (code === 'connection_lost') return 'Connection lost, trying again'
  if (status === 401)
    return apiKey() === null ? 'A key is needed here' : 'This key is not valid (any more)'
  if (status === 403) return 'This key may not do that'
  if (status === 404) return 'There is nothing here'
  if (status === 429) return 'Too many requests'
  if (status === 503) return AWAY[code] ?? 'The server cannot answer for now'
  return status >= 500 ? 'Something failed at the server' : 'This was refused'
}

function useCountdown(problem: Problem): number {
  const [left, setLeft] = useState(problem.retryAfter ?? 0)
  useEffect(() => {
    const end = Date.now() + (problem.retryAfter ?? 0) * 1000
    const tick = (): void => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)))
    tick()
    const timer = setInterval(tick, 500)
    return () => clearInterval(timer)
  }, [problem])
  return left
}

/** Nothing to show yet, and why. */
export function Empty({
  title,
  children,
}: {
  title: string
  children?: ComponentChildren
}): JSX.Element {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  )
}

/** A placeholder for data. */
export function Loading({ lines = 4 }: { lines?: number }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="hidden-but-read">Loading</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} class={`w${(i * 37) % 4}`} aria-hidden="true" />
      ))}
    </div>
  )
}
