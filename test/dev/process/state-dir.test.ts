import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writePidFile } from '../../../dev/process/pid-file.js'
import { openStateDir } from '../../../dev/process/state-dir.js'

describe('the state folder', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fractal-state-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('lets in one demo at a time', async () => {
    const first = await openStateDir(root)
    await assert.rejects(openStateDir(root), {
      code: 'state_in_use',
      message: `A demo or devnet is running in this folder already (process ${process.pid}, ${root}).`,
    })
    await first.unlock()
    await (await openStateDir(root)).unlock()
  })

  it('takes over from one that was killed', async () => {
    const killed = spawn('sleep', ['600'], { stdio: 'ignore' })
    await writePidFile(join(root, 'demo.lock'), killed.pid!)
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    await (await openStateDir(root)).unlock()
  })

  it('keeps its state, unless asked to start over', async () => {
    const state = await openStateDir(root)
    await writeFile(state.localnet, '{}')
    await writeFile(state.temporalDb, '')
    await state.unlock()
    await (await openStateDir(root)).unlock()
    assert.equal(existsSync(state.localnet), true)
    await (await openStateDir(root, { fresh: true })).unlock()
    assert.equal(existsSync(state.localnet), false)
    assert.equal(existsSync(state.temporalDb), false)
    assert.equal(existsSync(state.logs), true)
  })
})
