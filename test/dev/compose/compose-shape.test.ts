import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../../dev/compose/main.ts', import.meta.url))

describe('npm run compose-shape', function () {
  this.timeout(60_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-compose-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  function run(...args: string[]) {
    // Only what the folder has.
    const options = { env: { PATH: folder, HOME: folder }, encoding: 'utf8' as const }
    const cwd = dirname(dirname(dirname(MAIN)))
    return spawnSync(process.execPath, ['--import=tsx', MAIN, ...args], { ...options, cwd })
  }

  it('says in one line that there is no container engine, and what each of the two said', async () => {
    const docker = join(folder, 'docker')
    await writeFile(docker, '#!/bin/sh\necho "Cannot connect to the Docker daemon" >&2\nexit 1\n')
    await chmod(docker, 0o755)
    const { status, stderr } = run()
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^compose-shape: There is no container engine \(docker: .*Cannot connect.*; podman: .*ENOENT.*\)\.\n {2}Install Docker/,
    )
    assert.doesNotMatch(stderr, /^ +at /m)
  })

  it('says what it takes when it is given something else', () => {
    const { status, stdout } = run('--bases', 'elsewhere')
    assert.equal(status, 2)
    assert.match(stdout, /--bases WHERE/)
  })

  it('names an option that it does not know', () => {
    const { status, stderr } = run('--base', 'local')
    assert.equal(status, 2)
    assert.match(stderr, /^compose-shape: Unknown option '--base'.*\n {2}See --help\.\n$/)
  })
})
