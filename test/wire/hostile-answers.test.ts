import assert from 'node:assert/strict'
import { type Cases, casesOf } from '../support/hostile/cases.js'
import { fuzzAnswers } from '../support/hostile/fuzz-answers.js'
import { fuzzReaders } from '../support/hostile/fuzz-readers.js'

const MIB = 2 ** 20

/** Unless few cases are run, to look at them: the fuzzer goes where it is to go. */
function assertFound(found: Readonly<Record<string, number>>, cases: Cases, words: string[]): void {
  if (cases.to - cases.from < 300) return
  for (const word of words) assert.ok(found[word], `${word} in ${JSON.stringify(found)}`)
}

describe('hostile answers', function () {
  this.timeout(120_000)

  it('to requests for videos have a verdict each, whatever they are', async () => {
    const cases = casesOf(700)
    const { verdicts, mostBytes, grownBytes } = await fuzzAnswers(cases)
    const cheats = ['cheat: hash_differs', 'cheat: trace_differs']
    const fails = ['fail: malformed', 'fail: bad_signature', 'fail: oversized', 'fail: no_answer']
    assertFound(verdicts, cases, ['pass: hash_equal', ...cheats, ...fails])
    assert.ok(mostBytes < 32 * MIB, `${mostBytes} bytes of one answer were taken`)
    assert.ok(grownBytes < 16 * MIB, `${grownBytes} bytes are held after it`)
  })

  it('to all else that is asked of strangers are read or refused', async () => {
    const cases = casesOf(300)
    const openings = ['an opening: opened', 'an opening: malformed']
    const infos = ['/v1/info: read', '/v1/info: malformed']
    const others = ['a webhook: answered', 'a webhook: malformed', 'a clock: silent']
    const { found, mostBytes, grownBytes } = await fuzzReaders(cases)
    assertFound(found, cases, [...openings, ...infos, ...others])
    assert.ok(mostBytes < 32 * MIB, `${mostBytes} bytes of one answer were taken`)
    assert.ok(grownBytes < 16 * MIB, `${grownBytes} bytes are held after it`)
  })
})
