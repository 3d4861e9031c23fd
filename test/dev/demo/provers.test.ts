import assert from 'node:assert/strict'
import { DEFAULT_VILLAINS, demoProvers } from '../../../dev/demo/provers.js'
import { VILLAINS } from '../../../dev/villains/villains.js'

describe('who serves in a demo', () => {
  const villainsOf = (given: string) => demoProvers(given).flatMap(({ villain }) => villain ?? [])

  it('are two honest provers, and three villains or those that were named', () => {
    const provers = demoProvers(DEFAULT_VILLAINS)
    assert.deepEqual(
      provers.map(({ name }) => name),
      ['prover-1', 'prover-2', 'fewer-steps', 'skips-steps', 'honest-when-watched'],
    )
    assert.deepEqual(villainsOf('half-precision'), ['half-precision'])
    assert.deepEqual(villainsOf('ignores-seed,skips-steps,ignores-seed'), [
      'ignores-seed',
      'skips-steps',
    ])
    assert.deepEqual(villainsOf('all'), Object.keys(VILLAINS))
  })

  it('are no others: a name that is none is told, with those that there are', () => {
    for (const given of ['', 'fewer-steps,', 'nobody', 'toString']) {
      assert.throws(() => demoProvers(given), {
        code: 'no_such_villain',
        hint: /all, or some of fewer-steps,ignores-seed/,
      })
    }
  })
})
