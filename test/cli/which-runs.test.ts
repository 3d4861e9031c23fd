import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BIN } from '../support/bin.js'
import { runCli } from './run-cli.js'

/** A package that can be imported, and does nothing but stand there. */
const PACKAGE = { 'package.json': '{"type":"module","exports":"./index.js"}', 'index.js': '' }
const TSX = {
  'package.json': '{"type":"module","exports":{"./esm/api":"./index.js"}}',
  'index.js': "export const register = ({ tsconfig }) => console.log('tsx', tsconfig)",
}

describe('cli/fractal.mjs', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-which-'))
    await mkdir(join(folder, 'cli'))
    await copyFile(BIN, join(folder, 'cli/fractal.mjs'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function put(at: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, at, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    }
  }
  async function run(): Promise<string> {
    const { stdout, stderr } = await runCli([], { bin: join(folder, 'cli/fractal.mjs') })
    return `${stdout}${stderr}`
  }

  it('says that nothing is installed, or compiled', async () => {
    assert.match(await run(), /^fractal: its packages are not installed\.\n {2}Run `npm ci`/)
    await put('node_modules/yargs', PACKAGE)
    assert.match(
      await run(),
      /^fractal: it is not compiled\.\n {2}Run `npm ci` and `npm run build`/,
    )
  })

  it('runs dist/ where tsx is not installed, and what lies beside it in dist/ itself', async () => {
    await put('node_modules/yargs', PACKAGE)
    await put('dist/cli', { 'main.js': "console.log('compiled')" })
    assert.equal(await run(), 'compiled\n')
    await put('node_modules/tsx', TSX)
    await put('cli', { 'main.js': "console.log('beside')" })
    assert.equal(await run(), 'beside\n')
  })

  it('runs TypeScript where tsx is installed, whether something is compiled or not', async () => {
    await put('node_modules/yargs', PACKAGE)
    await put('node_modules/tsx', TSX)
    await put('dist/cli', { 'main.js': "console.log('compiled')" })
    assert.equal(await run(), 'compiled\n', 'a package has no TypeScript')
    // An enum: newer Node runs TypeScript by itself, but only what it can strip.
    await put('cli', { 'main.ts': 'enum Not { Plain }' })
    const said = await run()
    assert.ok(said.startsWith(`tsx ${join(folder, 'tsconfig.json')}\n`), said)
    assert.match(said, /cli\/main\.ts/, 'which only a real tsx can run')
  })
})
