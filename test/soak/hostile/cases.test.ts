import assert from 'node:assert/strict'
import { casesOf } from '../../support/hostile/cases.js'
import { fuzzAnswers } from '../../support/hostile/fuzz-answers.js'
import { fuzzReaders } from '../../support/hostile/fuzz-readers.js'
import { fuzzRequests } from '../../support/hostile/fuzz-requests.js'

const MIB = 2 ** 20
/** Others in each run; a failure says how to see it again. */
const SEED = Date.now() % 1_000_000

describe('hostile strangers, at length', function () {
  this.timeout(3_600_000)
  before(() =>
    console.warn(`      the same cases again: FRACTAL_TEST_SEED=${casesOf(0, SEED).seed}`),
  )

  it('answer requests for videos in 20,000 ways', async () => {
    const { mostBytes, grownBytes, verdicts } = await fuzzAnswers(casesOf(20_000, SEED))
    console.warn(`      ${JSON.stringify(verdicts)}`)
    assert.ok(mostBytes < 32 * MIB, `${mostBytes} bytes of one answer were taken`)
    assert.ok(grownBytes < 32 * MIB, `${grownBytes} bytes are held after it`)
  })

  it('answer all else in 5,000 ways', async () => {
    const { mostBytes, grownBytes, found } = await fuzzReaders(casesOf(5_000, SEED))
    console.warn(`      ${JSON.stringify(found)}`)
    assert.ok(mostBytes < 32 * MIB, `${mostBytes} bytes of one answer were taken`)
    assert.ok(grownBytes < 32 * MIB, `${grownBytes} bytes are held after it`)
  })

  it('ask a prover in 25,000 ways', async () => {
    const { grownBytes, answers } = await fuzzRequests(casesOf(25_000, SEED))
    console.warn(`      ${JSON.stringify(answers)}`)
    assert.ok(grownBytes < 32 * MIB, `${grownBytes} bytes are held after it`)
  })
})
