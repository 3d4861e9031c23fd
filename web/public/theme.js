// Runs before the first paint, so that a theme that was chosen never flashes into the other.
try {
  const theme = localStorage.getItem('fractal.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage can be closed to pages: then the system's theme it is.
}
