import assert from 'node:assert/strict'
import path from 'node:path'
import { ROOT, runPlanted } from '../../repo/planted.js'

/** Runs the check in a folder that has just these files and our rules. */
function check(files: Record<string, string>): Promise<{ code: number; output: string }> {
  const settings = { 'tsconfig.json': '{"compilerOptions":{"module":"NodeNext"}}' }
  return runPlanted({ ...settings, ...files }, [path.join(ROOT, 'dev/checks/imports.mjs')])
}

const VALUE = 'export const value = 1\n'
const READ_FILE = "export { readFile } from 'node:fs/promises'\n"

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

  it('are refused when planted, each by its rule', async () => {
    const planted: [rule: string, from: string, files: Record<string, string>][] = [
      [
        'rules-imports',
        'rules/b.ts',
        { 'base/a.ts': VALUE, 'rules/b.ts': "export { value } from '../base/a.js'\n" },
      ],
      ['pure-rooms', 'rules/c.ts', { 'rules/c.ts': READ_FILE }],
      [
        'workflows-takes-types-of-activities',
        'workflows/b.ts',
        {
          'activities/a.ts': VALUE,
          'workflows/b.ts': "export { value } from '../activities/a.js'\n",
        },
      ],
      [
        'api-imports',
        'api/b.ts',
        { 'chain/a.ts': VALUE, 'api/b.ts': "export { value } from '../chain/a.js'\n" },
      ],
      [
        'ledger-imports',
        'ledger/b.ts',
        { 'wire/a.ts': VALUE, 'ledger/b.ts': "export { value } from '../wire/a.js'\n" },
      ],
      [
        'web-imports',
        'web/b.tsx',
        { 'api/a.ts': VALUE, 'web/b.tsx': "export { value } from '../api/a.js'\n" },
      ],
      ['pure-rooms', 'web/c.ts', { 'web/c.ts': READ_FILE }],
      [
        'no-cycle',
        'rules/d.ts',
        {
          'rules/d.ts': "export { e } from './e.js'\nexport const d = 1\n",
          'rules/e.ts': "export { d } from './d.js'\nexport const e = 1\n",
        },
      ],
    ]
    const { code, output } = await check(Object.assign({}, ...planted.map(([, , files]) => files)))
    assert.equal(code, 1, 'the check must fail')
    for (const [rule, from] of planted) {
      assert.match(output, new RegExp(`error ${rule}: ${from}`), `${rule} in ${from}`)
    }
  })

  it('are not called right when nothing was looked at', async () => {
    const { code, output } = await check({ 'nowhere.ts': VALUE })
    assert.equal(code, 1)
    assert.match(output, /0 modules/)
  })
})
