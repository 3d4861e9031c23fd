import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { parseSimOptions } from '../../../dev/sim/options.js'
import { chosenBehaviours, populate } from '../../../dev/sim/population.js'
import { SeededRandom } from '../../../dev/sim/random.js'

describe('options of npm run sim', () => {
  it('has the whole simulation as its defaults', () => {
    assert.deepEqual(parseSimOptions([]), {
      provers: 256,
      intervals: 60,
      loads: [5, 50, 90, 120],
      verifiers: [1, 3],
      seeds: [1, 2],
      verifierGpus: 1,
      behaviours: [],
      threads: availableParallelism(),
      json: null,
    })
  })

  it('reads lists', () => {
    const options = parseSimOptions(['--loads', '5, 90', '--behaviours', 'fakes all; cached'])
    assert.deepEqual(options?.loads, [5, 90])
    assert.deepEqual(options?.behaviours, ['fakes all', 'cached'])
    assert.equal(parseSimOptions(['--help']), null)
  })

  for (const [args, message] of [
    [['--intervals', '0'], /^--intervals: 0 is no whole number from 1 to 10000$/],
    [['--provers', '1e3'], /^--provers: 1e3 is no whole number/],
    [['--provers', '4097'], /^--provers: 4097 is no whole number from 1 to 4096$/],
    [['--loads', '5,,90'], /^--loads: {2}is no whole number/],
    [['--loads', '-5'], /--loads/],
    [['--seeds', '1,1'], /^--seeds: 1,1 names one twice$/],
    [['--threads', '0'], /^--threads: 0 is no whole number from 1 to 256$/],
    [['--speed', '2'], /--speed/],
    [['50'], /50/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => {
      assert.throws(() => parseSimOptions([...args]), { code: 'bad_option', message })
    })
  }

  it('refuses behaviours that it does not know, and those that leave few honest provers', () => {
    assert.throws(() => chosenBehaviours(['steals'], 1), {
      code: 'bad_option',
      message: 'there is no behaviour "steals"',
    })
    assert.throws(() => populate(64, chosenBehaviours([], 1), new SeededRandom(1)), {
      code: 'bad_option',
      message: /^64 provers are too few/,
    })
  })
})
