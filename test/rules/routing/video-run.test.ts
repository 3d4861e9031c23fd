import assert from 'node:assert/strict'
import { ATTEMPT_WAIT_MS, ATTEMPT_WAITS_MAX } from '../../../rules/constants.js'
import { afterAttempt, FIRST_ATTEMPT, type VideoRun } from '../../../rules/routing/video-run.js'

describe('what follows an attempt', () => {
  const waited = (kind: 'refused' | 'no_prover' | 'own_clock' | 'own_fault') => {
    const step = afterAttempt(FIRST_ATTEMPT, { kind })
    assert.ok(step.do === 'wait')
    return step.run
  }
  const last: VideoRun = { ...FIRST_ATTEMPT, waits: ATTEMPT_WAITS_MAX }

  for (const [what, kind] of [
    ['our own clock is wrong', 'own_clock'],
    ['our own network is away', 'own_fault'],
  ] as const) {
    it(`waits while ${what}, and blames no prover for it`, () => {
      assert.deepEqual(waited(kind), { attempt: 2, failures: [], waits: 1 })
      assert.deepEqual(afterAttempt(last, { kind }), { do: 'fail', code: 'internal_error' })
    })
  }

  it('waits until the first that is only left alone may be asked, as often as it takes', () => {
    const wait = (freeInMs: number) => afterAttempt(last, { kind: 'no_prover', freeInMs })
    assert.deepEqual(wait(300), { do: 'wait', ms: 300, run: last })
    assert.deepEqual(wait(9_000), { do: 'wait', ms: ATTEMPT_WAIT_MS, run: last })
    assert.deepEqual(wait(0), { do: 'wait', ms: 1, run: last })
    assert.equal(afterAttempt(last, { kind: 'no_prover' }).do, 'fail')
  })

  it('makes the same attempt again where nobody was asked', () => {
    assert.equal(waited('no_prover').attempt, 1)
    assert.equal(waited('refused').attempt, 2)
    assert.deepEqual(afterAttempt(last, { kind: 'refused' }), {
      do: 'fail',
      code: 'no_prover_available',
    })
  })
})
