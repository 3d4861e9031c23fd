import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './planted.js'

const files = (pattern: string) =>
  execFileSync('git', ['ls-files', pattern], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

describe('the log lines of the docs', () => {
  it('are lines that the code writes', () => {
    const code = files('*.ts')
      .filter((file) => !file.startsWith('test/'))
      .map(read)
      .join('\n')
    let seen = 0
    for (const page of files('*.md')) {
      for (const [, message] of read(page).matchAll(/"msg":"([^"]+)"/g)) {
        seen += 1
        // What is filled in stands between: a number, or what comes after a colon.
        const pieces = message!.split(/\d+|(?<=: )/).filter((piece) => piece.trim().length > 2)
        for (const piece of pieces) assert.ok(code.includes(piece), `${page}: ${message}`)
      }
    }
    assert.ok(seen > 15, `${seen} lines`)
  })
})
