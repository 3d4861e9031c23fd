import assert from 'node:assert/strict'
import {
  type DueCheck,
  judgeChallengeOrAudit,
} from '../../../rules/judge/judge-challenge-or-audit.js'
import { needsConfirmation, needsGroundTruth } from '../../../rules/judge/needed-runs.js'

const delivered = {
  outcome: 'success',
  framesSha256: 'aa',
  traceRoot: 'tt',
  determinismClass: 'ours',
} as const
const truth = {
  framesSha256: 'aa',
  traceRoot: 'tt',
  confirmSha256: null,
  confirmTraceRoot: null,
  knownAnswerOk: null,
  determinismClass: 'ours',
}
const due: DueCheck = {
  kind: 'challenge',
  attempt: delivered,
  prover: { determinismClass: 'ours', tier: 'bronze' },
  truth,
  cosinePpm: null,
  certificate: { exact: true },
  final: false,
}
const different = { ...delivered, framesSha256: 'bb' }
const failure = { outcome: 'failure', reason: 'late' } as const

/** The verdict now, and the one at the end of the interval. */
function judged(changes: Partial<DueCheck>): [string, string] {
  const verdict = (final: boolean) => {
    const found = judgeChallengeOrAudit({ ...due, ...changes, final })
    return found === null ? 'waits' : `${found.verdict} ${found.reason} ${found.rewardPpm}`
  }
  return [verdict(false), verdict(true)]
}

describe('the verdict of a check', () => {
  const at = (verdict: string): [string, string] => [verdict, verdict]
  const cases: [string, Partial<DueCheck>, [string, string]][] = [
    ['equal bytes', {}, at('pass hash_equal 1000000')],
    ['never asked, or under way', { attempt: null }, ['waits', 'abstained own_fault null']],
    ['no prover of the interval', { prover: null }, ['waits', 'abstained own_fault null']],
    [
      'no prover of it, and a failure',
      { prover: null, attempt: failure },
      ['waits', 'abstained own_fault null'],
    ],
    [
      'lost on our side',
      { attempt: { outcome: 'neutral', reason: 'own_fault' } },
      at('abstained own_fault null'),
    ],
    [
      'our own clock was wrong',
      { attempt: { outcome: 'neutral', reason: 'own_clock' } },
      at('abstained own_clock null'),
    ],
    [
      'the prover’s clock was wrong',
      { attempt: { outcome: 'failure', reason: 'stale' } },
      at('fail stale -10000'),
    ],
    ['refused: no verdict', { attempt: { outcome: 'refused', reason: 'refused' } }, at('waits')],
    [
      'cancelled by ourselves, as users do: no verdict',
      { attempt: { outcome: 'neutral', reason: 'cancelled' } },
      at('waits'),
    ],
    ['a challenge that failed', { attempt: failure }, at('fail late -10000')],
    ['an audit that failed', { kind: 'audit', attempt: failure }, at('fail late -50000')],
    [
      'nobody’s fault in a user’s request, but in a challenge',
      { attempt: { outcome: 'neutral', reason: 'out_of_memory' } },
      at('fail out_of_memory -10000'),
    ],
    ['no ground truth yet', { truth: null }, ['waits', 'abstained no_time null']],
    [
      'a class that nobody certified, so that no ground truth comes',
      {
        truth: null,
        certificate: null,
        attempt: { ...delivered, determinismClass: 'theirs' },
        prover: { determinismClass: 'theirs', tier: 'gold' },
      },
      at('unproven other_class -10000'),
    ],
    [
      'another class than when the interval opened',
      { truth: null, certificate: null, attempt: { ...delivered, determinismClass: 'theirs' } },
      at('fail class_changed -10000'),
    ],
    [
      'a class that was not known when the interval opened',
      { prover: { determinismClass: null, tier: 'gold' } },
      at('pass hash_equal 1000000'),
    ],
    ['other bytes', { attempt: different }, ['waits', 'abstained not_confirmed null']],
    [
      'other bytes, confirmed',
      { attempt: different, truth: { ...truth, confirmSha256: 'aa', knownAnswerOk: true } },
      at('cheat hash_differs -10000'),
    ],
    [
      'other bytes in an audit, confirmed',
      {
        kind: 'audit',
        attempt: different,
        truth: { ...truth, confirmSha256: 'aa', knownAnswerOk: true },
      },
      at('cheat hash_differs -50000'),
    ],
    [
      'other bytes, and a control run that differs',
      { attempt: different, truth: { ...truth, confirmSha256: 'cc', knownAnswerOk: true } },
      at('abstained control_failed null'),
    ],
    [
      'other bytes in a class that is not exact, compared',
      { attempt: different, certificate: { exact: false }, cosinePpm: 800_000 },
      at('pass cosine_met 800000'),
    ],
    [
      'other bytes in a class that is not certified any more',
      { attempt: different, certificate: null, cosinePpm: 800_000 },
      at('pass cosine_met 800000'),
    ],
  ]
  for (const [name, changes, expected] of cases) {
    it(`${name}: ${expected[0]}, at the end ${expected[1]}`, () => {
      assert.deepEqual(judged(changes), expected)
    })
  }
})

describe('what the GPU has to compute', () => {
  it('only what was answered, in the verifier’s own class', () => {
    assert.ok(needsGroundTruth(delivered, 'ours'))
    assert.ok(!needsGroundTruth(delivered, 'theirs'))
    assert.ok(!needsGroundTruth(failure, 'ours'))
    assert.ok(!needsGroundTruth(null, 'ours'))
  })

  it('a second time where bytes differ, once, so that every accusation can be confirmed', () => {
    assert.ok(!needsConfirmation(delivered, truth))
    assert.ok(needsConfirmation(different, truth))
    assert.ok(!needsConfirmation(different, { ...truth, confirmSha256: 'aa' }))
    assert.deepEqual(judged({ attempt: different })[0], 'waits')
  })
})
