import assert from 'node:assert/strict'
import { admit, comparePriority, type Priority } from '../../prover/admission.js'

const PERMIT = { validatorPermit: true, stakeRao: 5n }
const NO_PERMIT = { validatorPermit: false, stakeRao: 9n }

describe('admission', () => {
  it('follows the two blacklist options', () => {
    const outcome = (
      standing: typeof PERMIT | null,
      forceVerifierPermit: boolean,
      allowNonRegistered: boolean,
    ) => {
      const admission = admit(standing, { forceVerifierPermit, allowNonRegistered })
      return admission.ok ? 'ok' : admission.reason
    }
    assert.equal(outcome(null, false, false), 'not_registered')
    assert.equal(outcome(null, false, true), 'ok')
    assert.equal(outcome(null, true, false), 'not_registered')
    assert.equal(outcome(null, true, true), 'no_permit')
    assert.equal(outcome(NO_PERMIT, false, false), 'ok')
    assert.equal(outcome(NO_PERMIT, true, false), 'no_permit')
    assert.equal(outcome(PERMIT, true, false), 'ok')
  })

  it('orders by permit, then stake; equals keep their order', () => {
    const priority = (permit: boolean, stakeRao: bigint): Priority => ({ permit, stakeRao })
    const sorted = [
      priority(false, 9n),
      priority(true, 1n),
      priority(false, 10n),
      priority(true, 2n),
    ]
    sorted.sort(comparePriority)
    assert.deepEqual(
      sorted.map((p) => `${p.permit} ${p.stakeRao}`),
      ['true 2', 'true 1', 'false 10', 'false 9'],
    )
    assert.equal(comparePriority(priority(true, 1n), priority(true, 1n)), 0)
  })
})
