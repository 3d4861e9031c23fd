import assert from 'node:assert/strict'
import { casesOf } from '../support/hostile/cases.js'
import { fuzzRequests } from '../support/hostile/fuzz-requests.js'

const MIB = 2 ** 20

describe('hostile requests to a prover', function () {
  this.timeout(120_000)

  it('are refused or cut off, whatever they are, and nobody honest notices', async () => {
    const cases = casesOf(1_000)
    const { answers, grownBytes } = await fuzzRequests(cases)
    assert.ok(grownBytes < 16 * MIB, `${grownBytes} bytes are held after it`)
    // Unless few cases are run, to look at them: the fuzzer goes where it is to go.
    if (cases.to - cases.from < 1_000) return
    const unsigned = ['malformed', 'wrong_receiver', 'stale', 'bad_signature', 'replayed']
    const words = ['200', '400 invalid_request', '403 not_registered', '404 unknown_request']
    for (const word of [...words, ...unsigned.map((code) => `401 ${code}`)]) {
      assert.ok(answers[word], `${word} in ${JSON.stringify(answers)}`)
    }
  })
})
