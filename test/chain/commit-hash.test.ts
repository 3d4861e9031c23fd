import assert from 'node:assert/strict'
import { commitBytes, commitHash } from '../../chain/commit-hash.js'
import { COMMIT_CASES } from './commit-cases.js'

describe('chain: the hash of a commit', () => {
  for (const { weights, bytes, hash } of COMMIT_CASES) {
    it(`${weights.uids.length} weights on subnet ${weights.netuid}`, () => {
      assert.equal(commitBytes(weights).length, bytes)
      assert.equal(commitHash(weights), hash)
    })
  }

  it('is another one for another salt', () => {
    const { weights, hash } = COMMIT_CASES[0]!
    assert.notEqual(commitHash({ ...weights, salt: [1] }), hash)
  })
})
