import type { JSX } from 'preact'
export function IntervalPage(): JSX.Element {
  return <p>IntervalPage</p>
}
