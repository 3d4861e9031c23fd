import assert from 'node:assert/strict'
import path from 'node:path'
import { ROOT, runPlanted } from './planted.js'

/** Runs the check in a folder that has just these files and our rules. */
function check(files: Record<string, string>): Promise<{ code: number; output: string }> {
  const settings = { 'tsconfig.json': '{"compilerOptions":{"module":"NodeNext"}}' }
  return runPlanted({ ...settings, ...files }, [path.join(ROOT, 'dev/checks/imports.mjs')])
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
