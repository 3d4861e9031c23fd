import assert from 'node:assert/strict'
import { catchOf, catchTable } from '../../../dev/demo/catches.js'

const at = (second: number) => new Date(1_800_000_000_000 + second * 1000)
const answer = (requestId: string, kind: 'challenge' | 'inference' | 'wide', second: number) => ({
  ...{ requestId, kind, n: 1 },
  completedAt: at(second),
})
const check = (
  requestId: string,
  kind: 'challenge' | 'audit' | 'spotcheck' | 'answer',
  verdict: 'pass' | 'cheat' | 'abstained',
  second: number,
  n = 1,
) => ({ requestId, kind, verdict, n, decidedAt: at(second) })

describe('what caught a villain of the demo', () => {
  const answers = [
    answer('a', 'wide', 10),
    answer('b', 'inference', 12),
    answer('c', 'challenge', 20),
  ]

  it('is the first check that found it out, so long after its first cheat', () => {
    const found = catchOf(answers, [
      check('c', 'challenge', 'cheat', 31),
      check('b', 'spotcheck', 'cheat', 14.5),
      check('b', 'audit', 'cheat', 40, 2),
      check('a', 'spotcheck', 'pass', 13),
      check('honest', 'challenge', 'pass', 1),
      check('c', 'answer', 'cheat', 2),
    ])
    assert.deepEqual(
      { ...found, caughtBy: [...found.caughtBy] },
      {
        ...{ cheated: 3, checked: 3, afterMs: 4500, afterIntervals: 0 },
        caughtBy: [
          ['spot check of a user’s request', 1],
          ['challenge', 1],
          ['audit', 1],
        ],
      },
    )
  })

  it('counts intervals from the first cheat that was checked, and nothing that was given up', () => {
    const found = catchOf(answers, [
      check('a', 'spotcheck', 'abstained', 13),
      check('b', 'spotcheck', 'pass', 15, 1),
      check('c', 'challenge', 'cheat', 70, 3),
    ])
    assert.deepEqual([found.checked, found.afterMs, found.afterIntervals], [2, 60_000, 2])
    const { caughtBy, ...none } = catchOf(answers, [])
    assert.deepEqual(none, { cheated: 3, checked: 0, afterMs: null, afterIntervals: null })
    assert.equal(caughtBy.size, 0)
    assert.equal(catchOf([], [check('a', 'challenge', 'cheat', 1)]).afterMs, null)
  })

  it('is told in a table', () => {
    const standing = { tier: 'bronze', scorePpm: 0, weight: 0 }
    const caught = catchOf(answers, [
      check('a', 'spotcheck', 'cheat', 13, 2),
      check('c', 'challenge', 'cheat', 31),
    ])
    const table = catchTable([
      { name: 'fewer-steps', ...caught, ...standing },
      { name: 'skips-steps', ...catchOf(answers.slice(0, 1), []), ...standing, scorePpm: 22_500 },
    ])
    assert.deepEqual(table.split('\n'), [
      'villain      cheated  checked  first caught              caught by                                        tier    score   weight',
      '-----------  -------  -------  ------------------------  -----------------------------------------------  ------  ------  ------',
      'fewer-steps        3        2  after 3 s, same interval  1 × spot check of a wide request, 1 × challenge  bronze  0.0000       0',
      'skips-steps        1        0  -                         nothing yet                                      bronze  0.0225       0',
    ])
  })
})
