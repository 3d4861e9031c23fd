import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('./broken-pipe-child.ts', import.meta.url))

describe('a command whose output nobody reads any more', function () {
  this.timeout(240_000)

  for (const kind of ['command', 'role']) {
    it(`ends in good order: a ${kind}`, async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', CHILD, kind], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.stdout!.destroy()
      let said = ''
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      const [code, signal] = await once(child, 'close')
      assert.deepEqual([code, signal, said], [0, null, 'ended by itself'])
    })
  }
})
