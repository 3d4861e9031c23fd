/** `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark'

const NAME = 'fractal.theme'
const ORDER: readonly Theme[] = ['system', 'light', 'dark']

/** The current theme; public/theme.js reads it before the first paint. */
export function theme(): Theme {
  const set = document.documentElement.dataset.theme
  return set === 'light' || set === 'dark' ? set : 'system'
}

export function nextTheme(from: Theme): Theme {
  return ORDER[(ORDER.indexOf(from) + 1) % ORDER.length]!
}

export function setTheme(to: Theme): void {
  if (to === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = to
  try {
    if (to === 'system') localStorage.removeItem(NAME)
    else localStorage.setItem(NAME, to)
  } catch {
    // Storage is blocked: the theme is not kept.
  }
}
