import assert from 'node:assert/strict'
import { type EarlierAttempt, leftOut } from '../../../rules/routing/left-out.js'

describe('who is left out of a request’s next attempt', () => {
  const now = 1_000_000
  const ago = (ms: number) => new Date(now - ms)
  const cases: [string, Omit<EarlierAttempt, 'hotkey'>, boolean][] = [
    ['who failed it', { outcome: 'failure', reason: 'late', completedAt: ago(60_000) }, true],
    ['who is at it', { outcome: null, reason: null, completedAt: null }, true],
    [
      'who refused it just now',
      { outcome: 'refused', reason: 'refused', completedAt: ago(2999) },
      true,
    ],
    [
      'who refused it a while ago',
      { outcome: 'refused', reason: 'refused', completedAt: ago(3000) },
      false,
    ],
    ['who was outpaced', { outcome: 'neutral', reason: 'outpaced', completedAt: ago(0) }, false],
  ]
  for (const [name, attempt, out] of cases) {
    it(`${name}: ${out ? 'yes' : 'no'}`, () => {
      assert.deepEqual(leftOut([{ hotkey: 'p', ...attempt }], now), out ? ['p'] : [])
    })
  }
})
