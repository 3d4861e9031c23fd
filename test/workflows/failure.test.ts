import assert from 'node:assert/strict'
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common'
import { intervalFailure } from '../../workflows/failure.js'

function failed(cause: Error): ActivityFailure {
  return new ActivityFailure(
    'activity failed',
    'openInterval',
    '1',
    RetryState.TIMEOUT,
    'me',
    cause,
  )
}

describe('a failed interval', () => {
  it('says in one line what failed and what to do', () => {
    const cause = ApplicationFailure.create({
      type: 'ledger_unavailable',
      message: 'no Postgres at …',
    })
    const failure = intervalFailure(12, 'rounds', failed(cause))
    assert.equal(failure.type, 'LedgerUnavailable')
    assert.equal(failure.nonRetryable, true)
    assert.equal(
      failure.message,
      'interval 12 failed in rounds: no Postgres at …. To do: bring PostgreSQL back, then retry the interval (fractal interval retry 12)',
    )
  })

  it('keeps the type of any other cause', () => {
    const cause = ApplicationFailure.create({
      type: 'lease_lost',
      message: 'another deployment judges',
    })
    assert.equal(intervalFailure(3, 'settling', failed(cause)).type, 'lease_lost')
  })
})
