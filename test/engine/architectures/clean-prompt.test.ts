import assert from 'node:assert/strict'
import { cleanPrompt } from '../../../engine/architectures/wan/clean-prompt.js'
import { promptCases, wanGolden } from '../fixtures.js'

describe('cleanPrompt', () => {
  it('gives what diffusers gives', () => {
    for (const { params, cleaned } of wanGolden()) assert.equal(cleanPrompt(params.prompt), cleaned)
    for (const { text, cleaned } of promptCases()) {
      assert.equal(cleanPrompt(text), cleaned, JSON.stringify(text))
    }
  })

  it('leaves wrongly decoded text alone, and makes lone surrogates replacement characters', () => {
    assert.equal(cleanPrompt('CafÃ©'), 'CafÃ©')
    assert.equal(cleanPrompt('a \ud800 b'), 'a \ufffd b')
  })

  it('ends soon, however often something is escaped', () => {
    const started = performance.now()
    assert.match(cleanPrompt(`&${'amp;'.repeat(49_000)}`), /^&amp;/)
    assert.equal(cleanPrompt('&'.repeat(200_000)).length, 200_000)
    assert.equal(cleanPrompt('\u00a0\x1c'.repeat(100_000)), '')
    assert.ok(performance.now() - started < 20_000)
  })
})
