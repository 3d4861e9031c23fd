import assert from 'node:assert/strict'
import { ApplicationFailure } from '@temporalio/common'
import { withTypedFailures } from '../../activities/shared/typed-failures.js'
import { ApiError } from '../../api/http/errors.js'
import { describeError, FractalError } from '../../base/errors.js'
import { ChainError, WalletError } from '../../chain/errors.js'
import { UsageError } from '../../cli/usage-error.js'
import { EngineError } from '../../engine/errors.js'
import { workOf } from '../../formats/generation.js'
import { LedgerError } from '../../ledger/errors.js'
import { assertProfileAllowed, DEMO_PROFILE } from '../../rules/profile.js'
import { WireError } from '../../wire/error.js'

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}

const noWork = () => workOf({ steps: 0, frames: 1, width: 1, height: 1 })
const scaledDown = () => assertProfileAllowed(DEMO_PROFILE, true)

describe('the root of all errors', () => {
  const errors: Record<string, unknown> = {
    FormatError: thrownBy(noWork),
    RuleError: thrownBy(scaledDown),
    EngineError: new EngineError('cancelled', 'm'),
    WireError: new WireError('late', 'm'),
    ChainError: new ChainError('chain_timeout', 'm'),
    WalletError: new WalletError('wallet_missing', 'm'),
    LedgerError: new LedgerError('not_recorded', 'm'),
    ApiError: new ApiError('invalid_request', 'm'),
    UsageError: new UsageError('m'),
  }
  for (const [name, error] of Object.entries(errors)) {
    it(`is ${name}'s too, which keeps its own name`, () => {
      assert.ok(error instanceof FractalError)
      assert.equal(error.name, name)
    })
  }

  it('prints what a pure room threw as a line and a hint, without a stack', () => {
    assert.equal(describeError(thrownBy(noWork)), '0·1·1·1 is not a countable amount of work')
    assert.match(describeError(thrownBy(scaledDown)), /^profile "demo" .*\n {2}Omit the profile/)
  })

  it('prints what caused an unexpected one: it may say all, and the error nothing', () => {
    const error = new Error('could not begin', { cause: new Error('3 INVALID_ARGUMENT: no such') })
    assert.match(
      describeError(error),
      /^Error: could not begin\n {4}at .*\n {2}caused by: 3 INVALID_ARGUMENT: no such$/s,
    )
  })

  it("makes a pure room's error an activity's typed failure, which no retry repeats", async () => {
    await assert.rejects(withTypedFailures(async () => noWork())(), (error) => {
      assert.ok(error instanceof ApplicationFailure)
      assert.equal(error.type, 'bad_integer')
      assert.equal(error.nonRetryable, true)
      return true
    })
  })
})
