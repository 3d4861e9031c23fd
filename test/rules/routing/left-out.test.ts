import assert from 'node:assert/strict'
import { type EarlierAttempt, excludedProvers } from '../../../rules/routing/excluded-provers.js'

describe('who is left out of a request’s next attempt', () => {
  const cases: [string, Omit<EarlierAttempt, 'hotkey'>, boolean][] = [
    ['who failed it', { outcome: 'failure', reason: 'late' }, true],
    ['who is at it', { outcome: null, reason: null }, true],
    [
      'who refused it: that one is left alone anyway',
      { outcome: 'refused', reason: 'refused' },
      false,
    ],
    ['who refused our clock', { outcome: 'neutral', reason: 'own_clock' }, false],
    ['who our network did not reach', { outcome: 'neutral', reason: 'own_fault' }, false],
    ['who was outpaced', { outcome: 'neutral', reason: 'outpaced' }, false],
  ]
  for (const [name, attempt, out] of cases) {
    it(`${name}: ${out ? 'yes' : 'no'}`, () => {
      assert.deepEqual(excludedProvers([{ hotkey: 'p', ...attempt }]), out ? ['p'] : [])
    })
  }
})
