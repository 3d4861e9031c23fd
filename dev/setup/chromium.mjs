// A browser for the tests of the pages: found, or installed by apt when root. Run as a program it does
// that and says what it found.
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const APT_MS = 300_000

/**
 * The first Chromium that starts: `CHROMIUM`, on PATH, playwright's own download; else, as root where
 * there is apt, Debian's, which is installed.
 *
 * @param {(line: string) => void} say
 * @returns {Promise<import('./chromium.mjs').FoundChromium>}
 */
export async function getChromium(say, env = process.env) {
  const tried = []
  const found = await firstThatStarts(await places(env), tried)
  if (found !== null) return { path: found, tried }
  if (process.getuid?.() !== 0) return { path: null, tried: [...tried, 'apt: only as root'] }
  say('No Chromium was found; installing Debian’s by apt …')
  try {
    await apt(['update'])
    await apt(['install', '--yes', '--no-install-recommends', 'chromium'])
  } catch (error) {
    return { path: null, tried: [...tried, `apt: ${error.message.split('\n')[0]}`] }
  }
  return { path: await firstThatStarts([['apt', '/usr/bin/chromium']], tried), tried }
}

async function places(env) {
  if (env.CHROMIUM) return [['CHROMIUM', env.CHROMIUM]]
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => ['PATH', join(folder, name)]))
    .filter(([, path]) => isProgram(path))
  const { chromium } = await import('playwright-core')
  return [...onPath, ['playwright', chromium.executablePath()]]
}

/** One that is there may still not start: Ubuntu's `chromium-browser` only tells to install another. */
async function firstThatStarts(list, tried) {
  for (const [from, path] of list) {
    try {
      await run(path, ['--version'], { timeout: 30_000 })
      return path
    } catch (error) {
      tried.push(`${from}: ${path} does not start (${error.code ?? error.message})`)
    }
  }
  return null
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return run('apt-get', ['--quiet', ...args], { env, timeout: APT_MS, maxBuffer: 64 * 1024 * 1024 })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { path, tried } = await getChromium((line) => console.error(line))
  if (path === null) {
    console.error(`No Chromium was found and none could be installed:\n  - ${tried.join('\n  - ')}`)
    process.exit(1)
  }
  console.log(`Chromium: ${path}`)
}
