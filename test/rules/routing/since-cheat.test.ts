import assert from 'node:assert/strict'
import { isOnProbation, passedSinceCheat } from '../../../rules/routing/cheat-probation.js'
import type { CheckRow } from '../../../rules/settle/settlement.js'

type Check = Pick<CheckRow, 'kind' | 'verdict'>
const check = (verdict: CheckRow['verdict'], kind: CheckRow['kind'] = 'challenge'): Check => ({
  kind,
  verdict,
})

describe('checks since a cheat', () => {
  const cases: [string, number | null, Check[], number | null][] = [
    ['nothing to make up for', null, [check('pass')], null],
    ['a cheat begins', null, [check('pass'), check('cheat')], 0],
    ['a cheat begins anew', 4, [check('pass', 'audit'), check('cheat')], 0],
    [
      'every kind of check counts',
      1,
      [check('pass'), check('pass', 'audit'), check('pass', 'spotcheck')],
      4,
    ],
    ['abstained counts as nothing', 1, [check('abstained')], 1],
    ['so do failures and unproven answers', 1, [check('fail'), check('unproven')], 1],
    ['an answer that arrived was not checked', 1, [check('pass', 'answer')], 1],
    ['no check at all', 1, [], 1],
  ]
  for (const [name, before, checks, after] of cases) {
    it(name, () => assert.equal(passedSinceCheat(before, checks), after))
  }

  it('keep a prover away from users until five passed', () => {
    assert.deepEqual([null, 0, 4, 5, 6].map(isOnProbation), [false, true, true, false, false])
  })
})
