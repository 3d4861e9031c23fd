import { useEffect } from 'preact/hooks'

/** Sets the page's title in the tab, and announces changes to screen readers. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Fractal`
  }, [title])
}
