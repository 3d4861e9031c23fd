import type { JSX } from 'preact'

/** A share as a bar; hidden from screen readers, because the number is next to it. */
export function Bar({ part, of }: { part: number; of: number }): JSX.Element {
  const share = of <= 0 ? 0 : Math.min(1, Math.max(0, part / of))
  return (
    <span class="bar" aria-hidden="true">
      <i style={{ width: `${100 * share}%` }} />
    </span>
  )
}
