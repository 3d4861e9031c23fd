import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ago } from '../format.js'

/** The time, updated each second while the page is visible. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now())
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** How old the data on the page is. Not announced: it changes each second. */
export function Live({ at, stale }: { at: number; stale: boolean }): JSX.Element | null {
  const now = useNow()
  if (at === 0) return null
  return (
    <span class={`live ${stale ? 'stale' : ''}`}>
      <i />
      {stale ? 'Last heard' : 'Live, updated'} {ago(at, now)}
    </span>
  )
}

/** A moment as its age, with the moment itself in the title. */
export function Ago({ iso }: { iso: string | number }): JSX.Element {
  const now = useNow(10_000)
  const date = new Date(iso)
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {ago(date.getTime(), Math.max(now, date.getTime()))}
    </time>
  )
}
