import assert from 'node:assert/strict'
import { type EarlierAttempt, excludedProvers } from '../../../rules/routing/excluded-provers.js'

describe('who is left out of a request’s next attempt', () => {
  const cases: [string, Omit<EarlierAttempt, 'hotkey'>, boolean][] = [
    ['who failed it', { outcome: 'failure', reason: 'late', endedMsAgo: 60_000 }, true],
    ['who is at it', { outcome: null, reason: null, endedMsAgo: null }, true],
    ['who refused it just now', { outcome: 'refused', reason: 'refused', endedMsAgo: 2999 }, true],
    [
      'who refused it a while ago',
      { outcome: 'refused', reason: 'refused', endedMsAgo: 3000 },
      false,
    ],
    [
      'who refused it before the clock was set back an hour',
      { outcome: 'refused', reason: 'refused', endedMsAgo: -3_600_000 },
      false,
    ],
    ['who refused our clock', { outcome: 'neutral', reason: 'own_clock', endedMsAgo: 0 }, false],
    ['who was outpaced', { outcome: 'neutral', reason: 'outpaced', endedMsAgo: 0 }, false],
  ]
  for (const [name, attempt, out] of cases) {
    it(`${name}: ${out ? 'yes' : 'no'}`, () => {
      assert.deepEqual(excludedProvers([{ hotkey: 'p', ...attempt }]), out ? ['p'] : [])
    })
  }
})
