import assert from 'node:assert/strict'
import { isPrintable, sanitizeText } from '../../base/sanitize-text.js'

describe('sanitizeText', () => {
  it('makes one line without what a terminal obeys or shows in another order', () => {
    assert.equal(sanitizeText('plain text, Größe 🦊'), 'plain text, Größe 🦊')
    assert.equal(sanitizeText('a\r\nb\tc\u2028d'), 'a  b c d')
    assert.equal(sanitizeText('\u001b[2J\u202e\u0085\ud800'), '�[2J���')
  })

  it('is bounded in characters, and cuts none in two', () => {
    assert.equal(sanitizeText('🦊🦊🦊', 3), '🦊🦊🦊')
    assert.equal(sanitizeText('🦊🦊🦊🦊', 3), '🦊🦊🦊…')
    assert.equal(sanitizeText('x🦊🦊🦊', 3), 'x🦊🦊…')
    assert.equal(sanitizeText('x'.repeat(1e6)), `${'x'.repeat(200)}…`)
  })

  it('recognizes what would be shown as it is', () => {
    assert.ok(isPrintable('Größe 🦊'))
    for (const text of ['a\nb', 'a\u001bb', 'a\u202eb', 'a\u2028b']) assert.ok(!isPrintable(text))
  })
})
