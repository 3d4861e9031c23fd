import assert from 'node:assert/strict'
import { textTable } from '../../base/text-table.js'

const HEADINGS = ['name', 'uid', 'score']
const ROWS = [
  ['alice', 7, '12.5'],
  ['bob', 123, null],
]

describe('textTable', () => {
  it('aligns its columns, without spaces at the ends of lines', () => {
    const lines = ['name   uid  score', 'alice  7    12.5', 'bob    123  -']
    assert.equal(textTable(HEADINGS, ROWS), lines.join('\n'))
  })

  it('is ruled, with numbers to the right, where that is asked for', () => {
    const lines = ['name   uid  score', '-----  ---  -----', 'alice    7   12.5', 'bob    123  -']
    assert.equal(textTable(HEADINGS, ROWS, 'ruled'), lines.join('\n'))
  })
})
