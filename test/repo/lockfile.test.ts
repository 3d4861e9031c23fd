import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

type Packages = Record<string, Record<string, unknown>>

/** Runs the check on a lockfile of these packages. */
async function check(packages: Packages): Promise<{ code: number; output: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-lockfile-'))
  try {
    await writeFile(path.join(folder, 'package-lock.json'), JSON.stringify({ packages }))
    const script = path.join(root, 'dev/checks/lockfile.mjs')
    const { stdout } = await run(process.execPath, [script], { cwd: folder })
    return { code: 0, output: stdout }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, output: stderr }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const GOOD: Packages = {
  '': { name: 'x', version: '1.0.0' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-AA==' },
  'node_modules/b': { resolved: 'b', link: true },
  'node_modules/a/node_modules/c': { version: '1.0.0', inBundle: true },
}

describe('the lockfile', () => {
  it('of this clone can be installed everywhere', async () => {
    const { packages } = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8'))
    const { code, output } = await check(packages)
    assert.equal(code, 0, output)
    assert.match(output, /[0-9]{3} packages, each with version and integrity/)
  })

  it('is accepted with links and bundled packages', async () => {
    const { code, output } = await check(GOOD)
    assert.equal(code, 0, output)
    assert.match(output, /2 packages/)
  })

  const planted: [string, Record<string, unknown>, RegExp][] = [
    ['no version', { integrity: 'sha512-AA==' }, /node_modules\/bad has no version\n/],
    ['no integrity', { version: '1.0.0' }, /node_modules\/bad has no integrity\n/],
    ['neither, as npm writes', { optional: true }, /bad has no version and no integrity\n/],
    [
      'the host it was fetched from',
      { version: '1.0.0', integrity: 'sha512-AA==', resolved: 'https://npm.example/bad.tgz' },
      /bad names where it was fetched: https:\/\/npm\.example/,
    ],
  ]
  for (const [what, entry, message] of planted) {
    it(`is refused with an entry that has ${what}`, async () => {
      const { code, output } = await check({ ...GOOD, 'node_modules/bad': entry })
      assert.equal(code, 1, 'the check must fail')
      assert.match(output, message)
    })
  }

  it('is refused when it has no entries at all', async () => {
    const { code, output } = await check({ '': { name: 'x' } })
    assert.equal(code, 1)
    assert.match(output, /nothing was checked/)
  })
})
