import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT, runPlanted } from '../../repo/planted.js'

const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc')

/** Holds one file to our compiler's settings. */
async function types(text: string) {
  const settings = JSON.parse(await readFile(path.join(ROOT, 'tsconfig.json'), 'utf8'))
  const tsconfig = { ...settings, include: ['a.ts'] }
  const files = { 'tsconfig.json': JSON.stringify(tsconfig), 'package.json': '{"type":"module"}' }
  return runPlanted({ ...files, 'a.ts': text }, [TSC, '--noEmit', '--incremental', 'false'])
}

describe('types', function () {
  this.timeout(120_000)

  it('hold where an index is looked at first', async () => {
    const { code, output } = await types(
      'export const first = (list: number[]): number => list[0] ?? 0\n',
    )
    assert.equal(code, 0, output)
  })

  it('refuse an unchecked index, of an array and of a record', async () => {
    const { code, output } = await types(
      'export const first = (list: number[]): number => list[0]\n' +
        'export const of = (record: Record<string, number>): number => record.a\n',
    )
    assert.notEqual(code, 0)
    assert.match(output, /a\.ts\(1,\d+\): error TS2322/)
    assert.match(output, /a\.ts\(2,\d+\): error TS2322/)
  })
})
