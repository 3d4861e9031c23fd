// Builds the pages into web/dist when what they are made of has changed; `--force` builds them anyway.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { withSetupLock } from './lock.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const DIST = join(ROOT, 'web', 'dist')
/** Says what the build was made of; written last, so that half a build is none. */
const STAMP = join(DIST, '.made-of')
const COMPRESSED = /\.(js|css|html|svg)$/

/** Folders that the pages are made from: theirs, and those that they import (.dependency-cruiser.cjs). */
const SOURCES = ['web', 'formats', 'base']

/** All that decides the bytes of the build. */
function madeOf() {
  const sum = createHash('sha256')
  const add = (path) => sum.update(`${path}\0`).update(readFileSync(join(ROOT, path)))
  for (const folder of SOURCES) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true }).sort()) {
      if (/^dist([\\/.]|$)/.test(entry)) continue
      if (/\.(ts|tsx|css|html|svg|webp|js|json)$/.test(entry)) add(join(folder, entry))
    }
  }
  add('package-lock.json')
  return sum.digest('hex')
}

function isFresh() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === madeOf()
}

/**
 * @param {(line: string) => void} say
 * @param {{ force?: boolean }} [options]
 */
export async function ensureWeb(say, { force = false } = {}) {
  if (!force && isFresh()) return
  await withSetupLock(
    join(ROOT, '.fractal', 'web.lock'),
    () => say('Another set-up builds the pages; waiting for it ...'),
    async () => {
      if (!force && isFresh()) return
      const began = Date.now()
      await build()
      say(`Built the pages in ${((Date.now() - began) / 1000).toFixed(1)} s`)
    },
  )
}

async function build() {
  const stamp = madeOf()
  // Beside, then swapped: a server that starts meanwhile reads whole pages.
  const next = `${DIST}.next`
  rmSync(next, { recursive: true, force: true })
  const vite = await import('vite')
  await vite.build({
    configFile: join(ROOT, 'web', 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: next, emptyOutDir: true },
  })
  for (const entry of readdirSync(next, { recursive: true })) {
    if (COMPRESSED.test(entry)) compress(join(next, entry))
  }
  writeFileSync(join(next, '.made-of'), stamp)
  rmSync(DIST, { recursive: true, force: true })
  renameSync(next, DIST)
}

/** Once here, so that no request waits for it. */
function compress(path) {
  const bytes = readFileSync(path)
  writeFileSync(
    `${path}.br`,
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
    }),
  )
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensureWeb((line) => process.stderr.write(`${line}\n`), {
    force: process.argv.includes('--force'),
  })
}
