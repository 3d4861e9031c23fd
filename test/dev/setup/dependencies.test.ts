import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stampInstalled, whyStale } from '../../../dev/setup/dependencies.mjs'
import { withSetupLock } from '../../../dev/setup/lock.mjs'

describe('installed dependencies', () => {
  let root: string
  const lock = (version: string) =>
    writeFile(
      join(root, 'package-lock.json'),
      JSON.stringify({
        packages: {
          '': { name: 'x' },
          'node_modules/a': { version },
          'node_modules/only-elsewhere': { version: '1.0.0', optional: true },
        },
      }),
    )
  const installed = (packages: object) =>
    writeFile(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fractal-deps-'))
    await lock('1.0.0')
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  it('are stale when missing, half installed, or of another lock', async () => {
    assert.match(whyStale(root)!, /missing/)
    await mkdir(join(root, 'node_modules'))
    assert.match(whyStale(root)!, /not complete/)
    await installed({ 'node_modules/a': { version: '1.0.0' } })
    stampInstalled(root)
    assert.equal(whyStale(root), null)
    await lock('1.0.1')
    assert.match(whyStale(root)!, /has changed/)
  })

  it("are taken as npm left them when a person ran it, platforms' packages aside", async () => {
    await mkdir(join(root, 'node_modules'))
    await installed({ 'node_modules/a': { version: '1.0.0' } })
    assert.equal(whyStale(root), null)
    await lock('2.0.0')
    assert.match(whyStale(root)!, /a is another version/)
    await installed({})
    assert.match(whyStale(root)!, /a is missing/)
  })

  it('are installed by one set-up at a time, and a killed one does not block', async () => {
    const path = join(root, '.fractal/setup.lock')
    await mkdir(join(root, '.fractal'))
    // No system gives this pid to anybody.
    await writeFile(path, '999999999')
    const seen: string[] = []
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const first = withSetupLock(
      path,
      () => undefined,
      async () => {
        seen.push((await readFile(path, 'utf8')).split(' ')[0]!)
        await held
        seen.push('first done')
      },
    )
    while (seen.length === 0) await new Promise(setImmediate)
    const second = withSetupLock(path, release, async () => {
      seen.push('second')
    })
    await Promise.all([first, second])
    assert.deepEqual(seen, [String(process.pid), 'first done', 'second'])
    await assert.rejects(readFile(path), /ENOENT/)
  })
  it('are not waited for when the pid in the lock is one that came later', async () => {
    const path = join(root, '.fractal/setup.lock')
    await mkdir(join(root, '.fractal'))
    // Our own pid, as in a container that was started anew; and a living one that began at no such time.
    const leftOver = [String(process.pid), `${process.pid} 1`, 'no pid at all']
    if (process.platform === 'linux') leftOver.push(`${process.ppid} 1`)
    for (const text of leftOver) {
      await writeFile(path, text)
      await utimes(path, 1, 1)
      const done: string[] = []
      const noWait = () => assert.fail(`waits for ${text}`)
      await withSetupLock(path, noWait, async () => void done.push(text))
      assert.deepEqual(done, [text])
    }
  })
})
