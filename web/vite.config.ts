import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** For `npm run dev:web`: the API that the pages use. */
const API = process.env.FRACTAL_API ?? 'http://127.0.0.1:7600'

export default defineConfig({
  root: at('.'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Only one copy of the hashes, whoever imports them.
  resolve: { dedupe: ['@noble/hashes'] },
  build: {
    target: 'es2022',
    // The first versions that support light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The pages' content security policy does not allow data: for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The licences of bundled packages, next to the bundles.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // Don't warn about a slow machine.
      checks: { pluginTimings: false },
      input: { index: at('index.html') },
    },
  },
  server: { proxy: { '/v1': API, '/openapi.json': API } },
})
