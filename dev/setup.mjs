// Runs before `npm run demo` and `npm test`, when nothing may be installed yet: Node's own modules only.
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installLocked, stampInstalled, whyStale } from './setup/dependencies.mjs'
import { withSetupLock } from './setup/lock.mjs'
import { CLI_VERSION, findTemporalCli } from './temporal/cli.mjs'
import { getTemporalCli } from './temporal/get-cli.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Standard output belongs to the command that runs after us. */
function say(line) {
  process.stderr.write(`${line}\n`)
}

function fail(line) {
  say(line)
  process.exit(1)
}

async function ensureDependencies() {
  const reason = whyStale(ROOT)
  if (reason === null) return
  await withSetupLock(
    join(ROOT, '.fractal', 'setup.lock'),
    () => say('Another set-up is at work in this folder; waiting for it ...'),
    async () => {
      // The one we waited for may have done it.
      if (whyStale(ROOT) === null) return
      say(`Installing the locked dependencies (${reason}); about half a minute ...`)
      await installLocked(ROOT, say)
      stampInstalled(ROOT)
    },
  )
}

async function ensureTemporal() {
  if (process.env.TEMPORAL_ADDRESS) return
  const { cli, tried } = await findTemporalCli()
  if (cli !== null) {
    // Who names a program wants to know that another is used.
    for (const line of tried) if (line.startsWith('TEMPORAL_CLI')) say(`Not used: ${line}`)
    return
  }
  const got = await getTemporalCli(process.env, say)
  if (got.path === null) {
    const all = [...tried, ...got.tried].map((line) => `  - ${line}`).join('\n')
    throw new Error(`No Temporal CLI was found and none could be fetched. Tried:
${all}
Do one of these, then run the same command again:
  - install the Temporal CLI ${CLI_VERSION} (brew install temporal, or https://docs.temporal.io/cli) so that \`temporal\` is on PATH
  - set TEMPORAL_CLI to the path of the program
  - set TEMPORAL_ADDRESS to a Temporal server that runs already`)
  }
  say(`  kept as ${got.path}`)
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Fractal needs Node.js 24 (20.19 or later works); this is ${process.versions.node} (${process.execPath}).`,
  )
}
try {
  await ensureDependencies()
  await ensureTemporal()
  // Only now: it needs what has just been installed.
  await (await import('./setup/build-web.mjs')).ensureWeb(say)
} catch (error) {
  fail(error.message)
}
