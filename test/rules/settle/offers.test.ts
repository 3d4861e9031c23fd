import assert from 'node:assert/strict'
import { countOffers, type OfferedRow } from '../../../rules/settle/offers.js'

const row: OfferedRow = {
  hotkey: 'p',
  registeredBlock: 7,
  outcome: 'success',
  reason: 'served',
  refusals: 0,
  requests: 1,
}

function offered(...changes: Partial<OfferedRow>[]): [offered: number, refused: number] {
  const [found] = countOffers(changes.map((change) => ({ ...row, ...change })))
  return [found?.offered ?? 0, found?.refused ?? 0]
}

describe('offers', () => {
  it('an answer and a failure are one each, taken', () => {
    assert.deepEqual(offered({}, { outcome: 'failure', reason: 'late' }), [2, 0])
  })

  it('a user’s request that is refused is one, refused', () => {
    assert.deepEqual(offered({ outcome: 'refused', reason: 'refused' }), [1, 1])
  })

  it('a challenge is offered again after each refusal', () => {
    assert.deepEqual(offered({ refusals: 1 }), [2, 1])
    assert.deepEqual(offered({ refusals: 2, outcome: null, reason: null }), [2, 2])
    assert.deepEqual(offered({ refusals: 2, outcome: 'failure', reason: 'late' }), [3, 2])
  })

  it('what was not sent yet, or has no outcome, is none', () => {
    assert.deepEqual(countOffers([{ ...row, outcome: null, reason: null }]), [])
  })

  it('rows that went alike count as often as there are of them', () => {
    assert.deepEqual(offered({ requests: 5 }, { requests: 3, refusals: 1 }), [11, 3])
  })

  it('are by hotkey and registration, whatever order the rows have', () => {
    const rows = [
      { ...row, hotkey: 'q' },
      { ...row, registeredBlock: 9 },
      { ...row, hotkey: 'Z' },
      { ...row, refusals: 1 },
    ]
    const expected = [
      { hotkey: 'Z', registeredBlock: 7, offered: 1, refused: 0 },
      { hotkey: 'p', registeredBlock: 7, offered: 2, refused: 1 },
      { hotkey: 'p', registeredBlock: 9, offered: 1, refused: 0 },
      { hotkey: 'q', registeredBlock: 7, offered: 1, refused: 0 },
    ]
    assert.deepEqual(countOffers(rows), expected)
    assert.deepEqual(countOffers(rows.toReversed()), expected)
  })
})
