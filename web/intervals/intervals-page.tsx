import type { JSX } from 'preact'
export function IntervalsPage(): JSX.Element {
  return <p>IntervalsPage</p>
}
