// Tries our wallets with Bittensor's own packages: `node dev/checks/bittensor-wallets.mjs [PACKAGE-VERSION …]`.
// Each is installed by pip into a folder of its own, which is removed again. Without arguments: those that
// test/fixtures/wallets has files of. Wants python3 with venv, and pip's registry; some minutes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const fixtures = readdirSync(join(root, 'test/fixtures/wallets')).filter((name) =>
  name.startsWith('bittensor'),
)
const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : fixtures

/** @param {string} command @param {string[]} args @param {Record<string, string>} env */
function run(command, args, env = {}) {
  const options = { cwd: root, stdio: /** @type {const} */ ('inherit') }
  return spawnSync(command, args, { ...options, env: { ...process.env, ...env } }).status === 0
}

const failed = []
for (const name of wanted) {
  const [, pkg, version] = /^(.+)-([0-9.]+)$/.exec(name) ?? []
  const folder = mkdtempSync(join(tmpdir(), 'fractal-bittensor-'))
  try {
    const python = join(folder, 'bin', 'python')
    const test = ['--import=tsx', 'node_modules/mocha/bin/mocha.js', '--no-config']
    const isRead =
      version !== undefined &&
      run('python3', ['-m', 'venv', folder]) &&
      run(python, ['-m', 'pip', 'install', '--quiet', `${pkg}==${version}`]) &&
      run(process.execPath, [...test, 'test/chain/wallet/bittensor-wallets.test.ts'], {
        BITTENSOR_PYTHON: python,
      })
    if (!isRead) failed.push(name)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
process.stdout.write(
  failed.length === 0 ? 'All take our wallets.\n' : `Failed: ${failed.join(', ')}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
