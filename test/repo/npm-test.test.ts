import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('npm test', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(root, 'test/repo/.npm-test-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  /** The exit code of `npm test -- FILE` for a file with this test. */
  async function exitCode(body: string): Promise<number | null> {
    const file = path.join(folder, 'one.test.ts')
    await writeFile(file, `it('is the only one', () => { ${body} })\n`)
    const args = ['dev/test.mjs', path.relative(root, file)]
    return spawnSync(process.execPath, args, { cwd: root, stdio: 'ignore' }).status
  }

  it('of named files tells by its exit code whether they passed', async () => {
    assert.equal(await exitCode(''), 0)
    assert.notEqual(await exitCode("throw new Error('fails')"), 0)
  })

  it('of the soak runs what is named, and nothing else of it', async () => {
    const file = path.join(folder, 'long.test.ts')
    await writeFile(file, "it('is the only long one', () => {})\n")
    const args = ['dev/soak.mjs', path.relative(root, file), '--reporter', 'dot']
    // Compiled by somebody else.
    const env = { ...process.env, FRACTAL_TEST_BIN: file }
    const { status, stdout } = spawnSync(process.execPath, args, {
      cwd: root,
      env,
      encoding: 'utf8',
    })
    assert.equal(status, 0)
    assert.match(stdout, /^\s*1 passing/m)
  })

  it('counts by a reporter that is there', async () => {
    const text = await readFile(path.join(root, 'dev/test.mjs'), 'utf8')
    const [, reporter] = /'--reporter', '([^']+)'/.exec(text)!
    assert.ok(existsSync(path.join(root, reporter!)), `${reporter} is missing`)
  })
})
