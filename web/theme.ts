/** `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark'

const NAME = 'fractal.theme'
const ORDER: readonly Theme[] = ['system', 'light', 'dark']

/** The theme in force; public/theme.js has read it before the first paint. */
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
    // Not kept, then: storage is closed to pages here.
  }
}
