import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Runs the check in a folder that has just these files and our rules. */
async function check(files: Record<string, string>): Promise<{ code: number; output: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-imports-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await writeFile(path.join(folder, name), text)
    }
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
    await writeFile(path.join(folder, 'tsconfig.json'), '{"compilerOptions":{"module":"NodeNext"}}')
    const { stdout } = await run(process.execPath, [path.join(root, 'dev/checks/imports.mjs')], {
      cwd: folder,
    })
    return { code: 0, output: stdout }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { code, output: stderr }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const VALUE = 'export const value = 1\n'

describe('the directions of imports', function () {
  this.timeout(240_000)

  it('hold where each room keeps to its own', async () => {
    const { code, output } = await check({
      'formats/a.ts': VALUE,
      'rules/b.ts': "export { value } from '../formats/a.js'\n",
    })
    assert.equal(code, 0, output)
    assert.match(output, /2 modules/)
  })

  const planted: [string, Record<string, string>][] = [
    [
      'rules-imports',
      { 'base/a.ts': VALUE, 'rules/b.ts': "export { value } from '../base/a.js'\n" },
    ],
    ['pure-rooms', { 'rules/b.ts': "export { readFile } from 'node:fs/promises'\n" }],
    [
      'workflows-takes-types-of-activities',
      {
        'activities/a.ts': VALUE,
        'workflows/b.ts': "export { value } from '../activities/a.js'\n",
      },
    ],
    ['api-imports', { 'chain/a.ts': VALUE, 'api/b.ts': "export { value } from '../chain/a.js'\n" }],
    [
      'ledger-imports',
      { 'wire/a.ts': VALUE, 'ledger/b.ts': "export { value } from '../wire/a.js'\n" },
    ],
    ['web-imports', { 'api/a.ts': VALUE, 'web/b.tsx': "export { value } from '../api/a.js'\n" }],
    ['pure-rooms', { 'web/b.ts': "export { readFile } from 'node:fs/promises'\n" }],
    [
      'no-cycle',
      {
        'rules/a.ts': "export { b } from './b.js'\nexport const a = 1\n",
        'rules/b.ts': "export { a } from './a.js'\nexport const b = 1\n",
      },
    ],
  ]
  for (const [rule, files] of planted) {
    it(`are refused when planted: ${rule}`, async () => {
      const { code, output } = await check(files)
      assert.equal(code, 1, 'the check must fail')
      assert.match(output, new RegExp(rule))
    })
  }

  it('are not called right when nothing was looked at', async () => {
    const { code, output } = await check({ 'nowhere.ts': VALUE })
    assert.equal(code, 1)
    assert.match(output, /0 modules/)
  })
})
