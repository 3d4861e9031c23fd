import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT, runPlanted } from './planted.js'

const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc')
/** What a reader's project has; each example is a module of its own. */
const SETTINGS = {
  compilerOptions: {
    target: 'ES2023',
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['*.ts'],
}

/** The TypeScript of the pages, as files named after page and line. */
async function examples(): Promise<Record<string, string>> {
  const docs = await readdir(path.join(ROOT, 'docs'))
  const pages = ['README.md', ...docs.map((name) => `docs/${name}`)]
  const found: Record<string, string> = {}
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    const text = await readFile(path.join(ROOT, page), 'utf8')
    for (const { 1: code = '', index } of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
      const line = text.slice(0, index).split('\n').length + 1
      found[`${page.replaceAll(/\W/g, '-')}-${line}.ts`] = code
    }
  }
  return found
}

describe('the TypeScript of the docs', function () {
  this.timeout(120_000)

  it('compiles as it stands, with the packages that it names', async () => {
    const files = await examples()
    assert.ok(Object.keys(files).length >= 3, Object.keys(files).join(', '))
    const all = {
      ...files,
      'package.json': '{"type":"module"}',
      'tsconfig.json': JSON.stringify(SETTINGS),
    }
    const { code, output } = await runPlanted(all, [TSC])
    assert.equal(code, 0, output)
  })
})
