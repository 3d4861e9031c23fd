#!/usr/bin/env node
// Node runs this file as it is; the rest is TypeScript, which tsx compiles while it loads.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`fractal needs Node.js 20.19 or newer; this is ${process.version}.\n`)
  process.exit(1)
}

try {
  const { register } = await import('tsx/esm/api')
  const { fileURLToPath } = await import('node:url')
  // Ours, not whatever tsconfig.json lies in the folder that this is run from.
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) })
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error
  process.stderr.write('fractal: its packages are not installed.\n  Run `npm ci` in its folder.\n')
  process.exit(1)
}
await import('./main.ts')
