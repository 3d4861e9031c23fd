import { useEffect } from 'preact/hooks'

/** Names the page in the tab, and to screen readers when it changes. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Fractal`
  }, [title])
}
