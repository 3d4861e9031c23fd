import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMPILED_BIN } from '../support/bin.js'

/** As PM2's container in the process does, which keeps its channel open so. */
const LISTENS = 'data:text/javascript,process.on("message",()=>{})'

describe('a role under a supervisor with a channel, as PM2 is', () => {
  it('says when it is ready, and ends at SIGINT although the channel stays open', async function () {
    this.timeout(240_000)
    const folder = await mkdtemp(join(tmpdir(), 'fractal-supervised-'))
    const args = ['localnet', '--localnet.port', '0', '--state.dir', folder]
    const child = fork(COMPILED_BIN, args, { execArgv: ['--import', LISTENS], silent: true })
    try {
      const [message] = await once(child, 'message')
      assert.equal(message, 'ready')
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      assert.deepEqual(await exited, [0, null])
    } finally {
      child.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    }
  })
})
