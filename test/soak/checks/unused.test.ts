import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT, runPlanted } from '../../repo/planted.js'

const KNIP = path.join(ROOT, 'node_modules/knip/bin/knip.js')

/** A rule that the process follows, and its test. */
const CLEAN = {
  'cli/main.ts':
    "import { used } from '../rules/rule.js'\nimport { helped } from './help.js'\n\nhelped(used)\n",
  'cli/help.ts': 'export function helped(it: () => void): void {\n  it()\n}\n',
  'rules/rule.ts': 'export function used(): void {}\n',
  'test/rule.test.ts': "import { used } from '../rules/rule.js'\n\nused()\n",
}

async function unused(files: Record<string, string>, ...args: string[]) {
  const settings = {
    'knip.json': await readFile(path.join(ROOT, 'knip.json'), 'utf8'),
    'package.json': '{"name":"planted","type":"module"}',
    'tsconfig.json': '{"compilerOptions":{"module":"NodeNext"}}',
  }
  return runPlanted({ ...settings, ...files }, [KNIP, '--no-config-hints', ...args])
}

describe('what nothing uses', function () {
  this.timeout(120_000)

  it('is not in a clean tree', async () => {
    for (const args of [[], ['--production']]) {
      const { code, output } = await unused(CLEAN, ...args)
      assert.equal(code, 0, output)
    }
  })

  it('is refused: an export, wherever', async () => {
    const spare = 'export function spare(): void {}\n'
    for (const file of ['rules/rule.ts', 'cli/help.ts'] as const) {
      const { code, output } = await unused({ ...CLEAN, [file]: `${CLEAN[file]}${spare}` })
      assert.equal(code, 1, output)
      assert.match(output, /spare/, file)
    }
  })

  it('is refused: an export, a type and a file that only tests use', async () => {
    const planted = {
      ...CLEAN,
      'rules/rule.ts': `${CLEAN['rules/rule.ts']}export function tested(): void {}\nexport type Tested = 1\n`,
      'rules/apart.ts': 'export const apart = 1\n',
      'test/more.test.ts':
        "import { apart } from '../rules/apart.js'\nimport { type Tested, tested } from '../rules/rule.js'\n\n" +
        'tested()\nexport const one: Tested = apart\n',
    }
    assert.equal((await unused(planted)).code, 0, 'tests use them')
    const { code, output } = await unused(planted, '--production')
    assert.equal(code, 1, output)
    for (const name of [/\btested\b/, /\bTested\b/, /apart\.ts/]) assert.match(output, name)
  })

  it('is looked for in both ways by `npm run check`', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    assert.match(scripts.check, /npm run unused/)
    assert.equal(scripts.unused, 'knip && knip --production')
  })
})
