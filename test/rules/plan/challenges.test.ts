import assert from 'node:assert/strict'
import { mostAudits } from '../../../rules/plan/audits.js'
import { shapingRequests } from '../../../rules/plan/challenge-shapes.js'
import { type JudgedNeuron, judgedNeurons } from '../../../rules/plan/judged-neurons.js'

describe('who is judged', () => {
  const neuron: JudgedNeuron = { hotkey: 'p', axon: {}, validatorPermit: false, stakeRao: 0n }
  const TAO = 1_000_000_000n
  const cases: [string, Partial<JudgedNeuron>, boolean][] = [
    ['a prover', {}, true],
    ['one with much stake and no permit', { stakeRao: 9000n * TAO }, true],
    [
      'one with a permit and stake up to the limit',
      { validatorPermit: true, stakeRao: 4096n * TAO },
      true,
    ],
    ['another verifier', { validatorPermit: true, stakeRao: 4096n * TAO + 1n }, false],
    ['the verifier itself', { hotkey: 'v' }, false],
    ['a neuron without an address', { axon: null }, false],
  ]
  for (const [name, change, judged] of cases) {
    it(`${name}: ${judged ? 'yes' : 'no'}`, () => {
      const found = judgedNeurons([{ ...neuron, ...change }], 'v', { vpermitTaoLimit: 4096 })
      assert.equal(found.length, judged ? 1 : 0)
    })
  }
})

describe('what challenges look like', () => {
  it('users’ requests that count, of at most four times the standard work', () => {
    const standard = { steps: 2, frames: 2, width: 8, height: 8 }
    const counted = { ...standard, counted: true, cancelled: false }
    const large = { ...counted, steps: 8 }
    const requests = [counted, large, { ...large, frames: 3 }, { ...counted, counted: false }]
    assert.deepEqual(shapingRequests(requests, standard), [counted, large])
  })

  it('cancelled as users’ are, but a tenth of them at most: the only one there is must not switch checks off', () => {
    const standard = { steps: 2, frames: 2, width: 8, height: 8 }
    const cancelledOf = (cancelled: number, all: number) =>
      shapingRequests(
        Array.from({ length: all }, (_, i) => ({
          ...standard,
          counted: true,
          cancelled: i < cancelled,
        })),
        standard,
      ).filter((request) => request.cancelled).length
    assert.equal(cancelledOf(1, 1), 0)
    assert.equal(cancelledOf(9, 9), 0)
    assert.equal(cancelledOf(1, 10), 1)
    assert.equal(cancelledOf(30, 500), 30)
    assert.equal(cancelledOf(500, 500), 50)
  })
})

describe('the number of audits', () => {
  const gpu = { standardWork: 1_000_000, length: 360, blockMs: 12_000, gpus: 1 }

  it('is what the profile allows, or the GPU’s share pays for', () => {
    const audits = (usPerWork: number | null, max = 34) =>
      mostAudits({ audits: { max } }, { ...gpu, usPerWork })
    assert.equal(audits(10_000_000), 34)
    // A fifth of 4,320 s, by videos of 60 s.
    assert.equal(audits(60_000_000), 14)
    assert.equal(audits(4_000_000_000), 0)
    assert.equal(audits(null), 1, 'nothing is certified: one is drawn, and shows it')
    assert.equal(audits(null, 0), 0)
  })
})
