#!/usr/bin/env node
// Node runs this file as it is. In a clone the rest is TypeScript, which tsx compiles while it loads.
// `npm run build` compiles all of it into dist/, this file included: beside a main.js it runs that.
// Without tsx, which production leaves out, dist/ runs from here too, so `npx fractal` is right in both.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`fractal needs Node.js 24 (20.19 or later works); this is ${process.version}.`)
}

function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}

async function importInstalled(name) {
  try {
    return await import(name)
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error
    return null
  }
}

const at = (path) => new URL(path, import.meta.url)
const compiled = [at('./main.js'), at('../dist/cli/main.js')]

if ((await importInstalled('yargs')) === null) {
  fail('fractal: its packages are not installed.\n  Run `npm ci` in its folder.')
}
if (existsSync(compiled[0])) {
  await import(compiled[0])
} else {
  // Installed from a package there is no TypeScript, whoever has tsx beside it.
  const tsx = existsSync(at('./main.ts')) ? await importInstalled('tsx/esm/api') : null
  if (tsx !== null) {
    // Ours, not whatever tsconfig.json lies in the folder that this is run from.
    tsx.register({ tsconfig: fileURLToPath(at('../tsconfig.json')) })
    await import('./main.ts')
  } else if (existsSync(compiled[1])) {
    await import(compiled[1])
  } else {
    fail('fractal: it is not compiled.\n  Run `npm ci` and `npm run build` in its folder.')
  }
}
