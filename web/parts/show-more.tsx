import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

/** The first rows of a long list, and a button that shows the rest. @param first how many */
export function useShowMore<T>(
  lines: readonly T[],
  first = 20,
): [readonly T[], JSX.Element | null] {
  const [all, setAll] = useState(false)
  if (all || lines.length <= first + 2) return [lines, null]
  const button = (
    <p class="more">
      <button type="button" class="button small" onClick={() => setAll(true)}>
        Show all {lines.length}
      </button>
    </p>
  )
  return [lines.slice(0, first), button]
}
