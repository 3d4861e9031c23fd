import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** For `npm run dev:web`: the API that the pages ask. */
const API = process.env.FRACTAL_API ?? 'http://127.0.0.1:7600'

export default defineConfig({
  root: at('.'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // One copy of the hashes, whoever asks for them.
  resolve: { dedupe: ['@noble/hashes'] },
  build: {
    target: 'es2022',
    // The first that know light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The pages' own content security policy allows no data: for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Whose work is in the bundles, beside them.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // A slow machine is no news.
      checks: { pluginTimings: false },
      input: { index: at('index.html') },
    },
  },
  server: { proxy: { '/v1': API, '/openapi.json': API } },
})
