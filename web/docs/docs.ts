import 'swagger-ui-dist/swagger-ui.css'
import './docs.css'
import swaggerUi from 'swagger-ui-dist/swagger-ui-es-bundle.js'
import { apiKey } from '../key.js'

/** Swagger UI has a dark mode of its own; it goes by a class. */
const dark = matchMedia('(prefers-color-scheme: dark)')
function followTheme(): void {
  const chosen = document.documentElement.dataset.theme
  const isDark = chosen === undefined ? dark.matches : chosen === 'dark'
  document.documentElement.classList.toggle('dark-mode', isDark)
}
followTheme()
dark.addEventListener('change', followTheme)

// Earlier versions of this page let it keep what was typed.
try {
  localStorage.removeItem('authorized')
} catch {
  // Storage can be closed to pages: then nothing was kept.
}

/** Swagger UI on this server's own document; it asks nobody else. */
const ui = swaggerUi({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  // A key that is typed here must not stay on the device.
  persistAuthorization: false,
  // Its default sends the document's address to a validator elsewhere.
  validatorUrl: null,
  tryItOutEnabled: true,
  // The default's numbers are too faint on its ground.
  syntaxHighlight: { theme: 'tomorrow-night' },
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  onComplete: () => {
    const key = apiKey()
    if (key !== null) ui.preauthorizeApiKey('key', key)
  },
})
