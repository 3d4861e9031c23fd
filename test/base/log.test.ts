import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

const LOG = new URL('../../base/log.ts', import.meta.url)

/** What a process writes that logs a line of each level. */
function logged(make: string): { out: string[]; err: string[] } {
  const script = `
    import { createLog, createRoleLog } from '${LOG}'
    const log = ${make}
    for (const level of ['debug', 'info', 'warn', 'error']) log[level](level)`
  const args = ['--import=tsx', '--input-type=module', '--eval', script]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const levels = (text: string) =>
    [...text.matchAll(/"level":"(\w+)".*"role":"r","msg":"(\w+)"/g)].map(([, level, message]) => {
      assert.equal(level, message)
      return level!
    })
  return { out: levels(stdout), err: levels(stderr) }
}

describe('logs', function () {
  this.timeout(60_000)

  it('of a role: what is healthy on standard output, what is not on standard error', () => {
    assert.deepEqual(logged("createRoleLog('r', 'info')"), {
      out: ['info'],
      err: ['warn', 'error'],
    })
    assert.deepEqual(logged("createRoleLog('r', 'debug')").out, ['debug', 'info'])
    assert.deepEqual(logged("createRoleLog('r', 'error')"), { out: [], err: ['error'] })
  })

  it('of a command: all on standard error, so that its result can be piped', () => {
    assert.deepEqual(logged("createLog('r')"), { out: [], err: ['info', 'warn', 'error'] })
  })
})
