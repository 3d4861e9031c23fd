import assert from 'node:assert/strict'
import { isShredded } from '../../../base/net/shredded.js'

describe('a body in pieces', () => {
  it('may be cut as lines and proxies cut it, and begin slowly, but not come byte by byte', () => {
    for (const bytes of [1_000, 1_250_000, 350_000_000]) {
      for (const segment of [536, 1_460, 65_536]) {
        assert.equal(isShredded(Math.ceil(bytes / segment), bytes), false, `${bytes} in ${segment}`)
      }
    }
    assert.equal(isShredded(1_000, 1_000), false)
    assert.equal(isShredded(10_000, 10_000), true)
    assert.equal(isShredded(1_250_000 / 16, 1_250_000), true)
  })
})
