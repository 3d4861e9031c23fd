import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { FractalError } from '../../../base/errors.js'
import {
  isRunning,
  type ProcessRef,
  processIdentity,
  readPidFile,
  reapPidFile,
  writePidFile,
} from '../../../dev/process/pid-file.js'
import { spawnRole } from '../../../dev/process/role.js'

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); await sleep(10)) {
    if (Date.now() > end) assert.fail(`waited in vain until ${what}`)
  }
}

describe('processes', () => {
  let folder: string
  const file = (name: string) => join(folder, name)
  const text = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '')
  const ref = (pid: number): ProcessRef => ({ pid, identity: processIdentity(pid)! })
  const shell = (script: string, readyWhen: (signal: AbortSignal) => Promise<void>) => ({
    name: 'prover-1',
    command: '/bin/sh',
    args: ['-c', script, 'sh', folder],
    env: { PATH: process.env.PATH },
    logFile: file('logs/prover-1.log'),
    readyWhen,
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-process-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('start, are ready, log to their file, and stop with all they started', async () => {
    const script = 'sleep 600 & echo $! > "$1/grandchild"; echo hello; wait'
    const grandchild = () => Number(text('grandchild'))
    const role = await spawnRole(
      shell(script, () => until('it says hello', () => text('logs/prover-1.log') === 'hello\n')),
    )
    const below = ref(grandchild())
    assert.equal(role.hasExited(), false)
    assert.deepEqual(await role.stop(5000), { code: null, signal: 'SIGTERM' })
    assert.equal(role.hasExited(), true)
    assert.equal(role.kill('SIGTERM'), false)
    await until('what it started is gone', () => !isRunning(below))
  })

  it('that ignore SIGTERM are killed after the grace', async () => {
    const script = 'trap "" TERM; : > "$1/ready"; while :; do sleep 1; done'
    const role = await spawnRole(
      shell(script, () => until('it is ready', () => existsSync(file('ready')))),
    )
    assert.deepEqual(await role.stop(50), { code: null, signal: 'SIGKILL' })
  })

  it('that end before they are ready say so, with the end of their log', async () => {
    const never = () => new Promise<void>(() => {})
    await assert.rejects(spawnRole(shell('echo no model here; exit 3', never)), (error) => {
      assert.ok(error instanceof FractalError)
      assert.equal(error.code, 'role_failed')
      assert.equal(error.message, 'prover-1 did not start: ended with code 3\nno model here')
      return true
    })
    await assert.rejects(
      spawnRole({ ...shell('exec sleep 600', never), readyTimeoutMs: 50 }),
      /prover-1 did not start: not ready after 0.05 s/,
    )
    await assert.rejects(
      spawnRole({ ...shell('', never), command: file('none') }),
      /prover-1 cannot be started: .*ENOENT/,
    )
  })

  it('die with a parent that is killed -9', async () => {
    const source = (name: string) =>
      JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../dev/process', name)).href)
    await writeFile(
      file('parent.mjs'),
      `import { writeFileSync } from 'node:fs'
       const { spawnRole } = await import(${source('role.ts')})
       const role = await spawnRole({ name: 'r', command: '/bin/sh', args: ['-c', 'sleep 600 & wait'],
         env: { PATH: process.env.PATH }, logFile: ${JSON.stringify(file('r.log'))}, readyWhen: async () => {} })
       writeFileSync(${JSON.stringify(file('pid'))}, String(role.pid) + '\\n')`,
    )
    const parent = spawn(process.execPath, ['--import', 'tsx', file('parent.mjs')], {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: 'ignore',
    })
    await until('the parent has started its role', () => text('pid').endsWith('\n'))
    const role = ref(Number(text('pid')))
    parent.kill('SIGKILL')
    await until('the role is gone', () => !isRunning(role))
  })

  it('left by an earlier run are ended; one that merely has the pid is left alone', async () => {
    const left = spawn('sleep', ['600'], { stdio: 'ignore' })
    try {
      await writeFile(file('other'), JSON.stringify({ pid: left.pid, identity: 'another boot 1' }))
      assert.equal(await reapPidFile(file('other'), 'SIGTERM', 1000), null)
      assert.equal(existsSync(file('other')), false)
      assert.notEqual(processIdentity(left.pid!), null)

      await writePidFile(file('left'), left.pid!)
      assert.equal(readPidFile(file('left'))?.pid, left.pid)
      assert.equal(await reapPidFile(file('left'), 'SIGTERM', 5000), left.pid)
      assert.equal(processIdentity(left.pid!), null)
      await writeFile(file('broken'), '{"pid":')
      assert.equal(await reapPidFile(file('broken'), 'SIGTERM', 1000), null)
    } finally {
      left.kill('SIGKILL')
    }
  })
})
