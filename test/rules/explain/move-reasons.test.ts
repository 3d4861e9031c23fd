import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  MOVE_REASONS,
  type MoveFindings,
  moveReasonText,
  type StoredMoveReason,
} from '../../../rules/explain/move-reasons.js'
import { settle } from '../../../rules/settle/settle.js'
import { someInterval } from '../settle/some-interval.js'

describe('the reason of a move', () => {
  const counts = {
    requestAttempts: 0,
    requestSuccesses: 0,
    checksJudged: 1,
    checksPassed: 0,
    cheats: 0,
  }
  const of = (
    reason: StoredMoveReason,
    found: Partial<MoveFindings['counts']> = {},
    tiersRule: MoveFindings['tiersRule'] = 'literal',
  ) => moveReasonText({ fromTier: 'gold', reason }, { counts: { ...counts, ...found }, tiersRule })

  it('names the rate that was missed, and by how much', () => {
    assert.equal(
      of('rate_missed'),
      'relegated: its validation success rate was 0 of 1, Gold requires 94.9 %',
    )
    assert.equal(
      of('rate_missed', { requestAttempts: 2000, requestSuccesses: 1800 }),
      'relegated: its request success rate was 1,800 of 2,000 and its validation success rate 0 of 1, Gold requires 94.9 %',
    )
    assert.equal(
      of('downtime', { requestAttempts: 4, requestSuccesses: 3, checksPassed: 1 }),
      'relegated for downtime: its request success rate was 3 of 4, Gold requires 94.9 %; every failure was no answer or no connection',
    )
  })

  it('says what chance does not explain, where that is the rule', () => {
    const found = { requestAttempts: 100, requestSuccesses: 50 }
    assert.equal(
      of('rate_missed', { ...found, checksPassed: 1 }, 'evidence'),
      'relegated: its request success rate was 50 of 100, Gold requires 94.9 % and chance does not explain so many failures',
    )
  })

  it('counts cheats', () => {
    assert.equal(of('cheat', { cheats: 1 }), MOVE_REASONS.cheat)
    assert.equal(
      of('cheat', { cheats: 2 }),
      'down to Bronze: 2 of its answers were found to be cheats',
    )
  })

  it('is explained without numbers where none are at hand', () => {
    const move = { fromTier: 'gold', reason: 'rate_missed' } as const
    assert.equal(moveReasonText(move, null), MOVE_REASONS.rate_missed)
    // A version before this one stored it.
    assert.match(of('refusals'), /^relegated: it refused more than half/)
  })

  it('has numbers for every rate that settling finds missed', () => {
    let seen = 0
    fc.assert(
      fc.property(someInterval, (input) => {
        for (const { move, ...found } of settle(input).provers) {
          if (move?.reason !== 'rate_missed' && move?.reason !== 'downtime') continue
          seen += 1
          const { tiersRule } = input.profile
          const text = moveReasonText(
            { fromTier: move.from, reason: move.reason },
            { counts: found, tiersRule },
          )
          assert.match(text, / success rate was \d+ of \d+.* requires \d+(\.\d)? %/)
        }
      }),
      { seed: 6, numRuns: 200 },
    )
    assert.ok(seen > 0)
  })
})
