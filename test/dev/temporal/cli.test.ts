import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  cachedCliPath,
  findTemporalCli,
  isRecentEnough,
  parseCliVersion,
} from '../../../dev/temporal/cli.mjs'

async function fakeCli(path: string, words: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `#!/bin/sh\necho "${words}"\n`)
  await chmod(path, 0o755)
  return path
}

describe('finding the Temporal CLI', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'fractal-cli-'))
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  it('reads versions', () => {
    assert.deepEqual(
      parseCliVersion('temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)'),
      [1, 9, 1],
    )
    assert.deepEqual(parseCliVersion('temporal version 1.5.0-rc'), [1, 5, 0])
    assert.equal(parseCliVersion('tctl version 1.18.0'), null)
    assert.equal(isRecentEnough([1, 5, 0]), true)
    assert.equal(isRecentEnough([2, 0, 0]), true)
    assert.equal(isRecentEnough([1, 4, 9]), false)
    assert.equal(isRecentEnough([0, 13, 2]), false)
  })

  it('keeps the cache where XDG says, and ignores a relative path there', () => {
    assert.match(cachedCliPath({ XDG_CACHE_HOME: '/xdg' }), /^\/xdg\/fractal\/temporal-/)
    assert.match(
      cachedCliPath({ XDG_CACHE_HOME: 'rel', HOME: '/home/u' }),
      /^\/home\/u\/\.cache\/fractal\/temporal-/,
    )
  })

  it('takes TEMPORAL_CLI, then PATH, then the cache, passing over what does not work', async () => {
    const env = { HOME: home, PATH: `${join(home, 'none')}:${join(home, 'bin')}` }
    const none = await findTemporalCli(env)
    assert.equal(none.cli, null)
    assert.deepEqual(none.tried, ['PATH: none', 'cache: none'])

    const cached = await fakeCli(cachedCliPath(env), 'temporal version 1.9.1 (Server 1.32.0)')
    assert.deepEqual((await findTemporalCli(env)).cli, {
      path: cached,
      from: 'cache',
      version: '1.9.1',
    })

    const onPath = await fakeCli(join(home, 'bin/temporal'), 'temporal version 1.4.0')
    const old = await findTemporalCli(env)
    assert.equal(old.cli?.from, 'cache')
    assert.match(old.tried[0]!, /is 1\.4\.0, older than 1\.5/)
    await fakeCli(onPath, 'temporal version 1.5.1')
    assert.equal((await findTemporalCli(env)).cli?.from, 'PATH')

    const named = await fakeCli(join(home, 'mine'), 'temporal version 1.8.0')
    assert.equal((await findTemporalCli({ ...env, TEMPORAL_CLI: named })).cli?.path, named)
    const missing = await findTemporalCli({ ...env, TEMPORAL_CLI: join(home, 'gone') })
    assert.equal(missing.cli?.from, 'PATH')
    assert.match(missing.tried[0]!, /TEMPORAL_CLI: .*gone does not run \(ENOENT\)/)
  })
})
