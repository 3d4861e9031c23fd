import assert from 'node:assert/strict'
import { certificateCounts } from '../../../rules/judge/certificates.js'
import {
  answerCheck,
  failureOutcome,
  isOwnClock,
  isOwnNetwork,
  MAYBE_IMPOSSIBLE,
  type ReachedProver,
} from '../../../rules/judge/own-failure.js'
import { DEMO_PROFILE, PRODUCTION_PROFILE } from '../../../rules/profile.js'

describe('a request’s own failure', () => {
  it('is its prover’s, unless it was cancelled or may be impossible', () => {
    for (const reason of ['late', 'unreachable', 'malformed', 'error'] as const) {
      assert.equal(failureOutcome(reason, { isOurs: false }), 'failure', reason)
    }
    for (const reason of ['cancelled', ...MAYBE_IMPOSSIBLE] as const) {
      assert.equal(failureOutcome(reason, { isOurs: false }), 'neutral', reason)
    }
  })

  it('is its prover’s in a request of ours, which is never impossible', () => {
    for (const reason of MAYBE_IMPOSSIBLE) {
      assert.equal(failureOutcome(reason, { isOurs: true }), 'failure', reason)
    }
    assert.equal(failureOutcome('cancelled', { isOurs: true }), 'neutral')
  })

  it('brings a check with it, whether the request counts or not', () => {
    const failed = { outcome: 'failure', reason: 'late' } as const
    assert.deepEqual(answerCheck(failed), {
      verdict: 'fail',
      reason: 'late',
      rewardPpm: -50_000,
    })
    assert.equal(answerCheck({ outcome: 'success', reason: 'served' }), null)
    assert.equal(answerCheck({ outcome: 'neutral', reason: 'outpaced' }), null)
  })

  it('is the verifier’s own network when none of three, of three owners and networks, could be reached', () => {
    const prover = (i: number, changes: Partial<ReachedProver> = {}): ReachedProver => ({
      hotkey: `p${i}`,
      coldkey: `c${i}`,
      network: `n${i}`,
      reached: false,
      ...changes,
    })
    const three = [prover(1), prover(2), prover(3)]
    assert.ok(isOwnNetwork(three))
    assert.ok(!isOwnNetwork([...three, prover(4, { reached: true })]))
    assert.ok(!isOwnNetwork(three.slice(1)), 'two say nothing of the network')
    assert.ok(!isOwnNetwork([prover(1), prover(1), prover(1)]), 'one prover, three requests')
    assert.ok(!isOwnNetwork([prover(1), prover(2), prover(3, { coldkey: 'c1' })]))
    assert.ok(!isOwnNetwork([prover(1), prover(2), prover(3, { network: 'n1' })]))
    assert.ok(!isOwnNetwork([prover(1), prover(2), prover(3, { network: null })]))
    assert.ok(!isOwnNetwork([]))
  })
})

describe('whose clock is wrong', () => {
  it('is the verifier’s when nobody accepts its stamp', () => {
    assert.ok(isOwnClock(['stale', 'stale', 'silent']))
    assert.ok(isOwnClock(['stale']), 'a grid of one')
  })

  it('is the prover’s when anybody accepts it, and nobody’s when nobody complains', () => {
    assert.ok(!isOwnClock(['stale', 'stale', 'accepted']))
    assert.ok(!isOwnClock(['silent', 'accepted']))
    assert.ok(!isOwnClock(['silent']))
    assert.ok(!isOwnClock([]))
  })

  it('is a failure of the prover’s then', () => {
    assert.equal(failureOutcome('stale', { isOurs: false }), 'failure')
  })
})

describe('certificates that count', () => {
  it('are of this model, and with all runs where the production profile is in force', () => {
    const short = { modelRoot: 'm', runs: DEMO_PROFILE.certificateRuns }
    assert.ok(certificateCounts(short, 'm', DEMO_PROFILE))
    assert.ok(!certificateCounts(short, 'm', PRODUCTION_PROFILE))
    assert.ok(certificateCounts({ modelRoot: 'm', runs: 100 }, 'm', PRODUCTION_PROFILE))
    assert.ok(!certificateCounts(short, 'other', DEMO_PROFILE))
  })
})
