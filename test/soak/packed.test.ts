import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CLONE = fileURLToPath(new URL('../..', import.meta.url))

describe('npm run package', function () {
  this.timeout(600_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-packed-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('makes a package from which npx fractal runs where there is nothing else', async () => {
    const pack = ['run', 'package', '--', '--pack-destination', folder]
    await run('npm', pack, { cwd: CLONE, maxBuffer: 2 ** 26 })
    const [packed] = await readdir(folder)
    assert.match(packed!, /^fractal-.*\.tgz$/)
    // Nothing of the clone, nor of who runs this.
    const env = { PATH: process.env.PATH, HOME: folder }
    const npm = (...args: string[]) => run('npm', args, { cwd: folder, env, maxBuffer: 2 ** 26 })
    await npm('install', '--ignore-scripts', '--no-audit', '--no-fund', `./${packed}`)
    const { version } = JSON.parse(await readFile(join(CLONE, 'package.json'), 'utf8'))
    const fractal = (...args: string[]) =>
      run('npx', ['--no-install', 'fractal', ...args], { cwd: folder, env })
    assert.equal((await fractal('--version')).stdout.trim(), version)
    await fractal('generate', 'a red circle moves right', '--seed', '7', '--out', 'a.mp4')
    const video = await readFile(join(folder, 'a.mp4'))
    assert.equal(video.subarray(4, 8).toString('latin1'), 'ftyp')
    const installed = join(folder, 'node_modules/fractal')
    assert.deepEqual((await readdir(installed)).sort(), [
      ...['LICENSE', 'NOTICE', 'README.md', 'cli', 'dist', 'package.json'],
    ])
  })
})
