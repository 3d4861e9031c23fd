import assert from 'node:assert/strict'
import { suffices } from '../../../workers/gpu/certify-class.js'

const STORED = {
  spotCheckUsPerPixel: 1,
  stepDeviation: 0,
  coldUs: 3_000_000,
  runs: 100,
  revokedAt: null,
}

describe('A stored certificate', () => {
  it('suffices with enough runs and all that is measured', () => {
    assert.ok(suffices(STORED, 100, 'cuda'))
    assert.ok(!suffices(STORED, 101, 'cuda'))
    assert.ok(!suffices({ ...STORED, revokedAt: new Date() }, 100, 'cuda'))
    assert.ok(!suffices({ ...STORED, spotCheckUsPerPixel: null }, 100, 'cuda'))
    assert.ok(!suffices({ ...STORED, stepDeviation: null }, 100, 'cpu'))
  })

  it('of a version without cold prices suffices on a CPU only', () => {
    assert.ok(suffices({ ...STORED, coldUs: 0 }, 100, 'cuda'))
    assert.ok(!suffices({ ...STORED, coldUs: null }, 100, 'cuda'))
    assert.ok(suffices({ ...STORED, coldUs: null }, 100, 'cpu'))
  })
})
