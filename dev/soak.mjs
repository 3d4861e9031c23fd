// `npm run test:soak [-- FILES]`: the long tests, all of them or those that are named, with the command compiled once: they start
// it again and again.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ALL = 'test/soak/**/*.test.ts'

const given = process.argv.slice(2)
const isNamed = given.some((arg) => /^(\.\/)?test\//.test(arg))
let child = null

/** A signal from the terminal reaches what it started as well; one from elsewhere is handed on. */
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child?.kill(signal))

async function run(args, env = {}) {
  child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
}

const test = ['dev/test.mjs', ...(isNamed ? given : [ALL, ...given])]
if (process.env.FRACTAL_TEST_BIN) process.exitCode = await run(test)
else {
  await mkdir(join(ROOT, '.fractal'), { recursive: true })
  const folder = await mkdtemp(join(ROOT, '.fractal', 'soak-'))
  try {
    const dist = join(folder, 'dist')
    const built = await run(['dev/build.mjs', '--out', dist])
    const env = { FRACTAL_TEST_BIN: join(dist, 'cli/fractal.mjs') }
    process.exitCode = built === 0 ? await run(test, env) : built
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
