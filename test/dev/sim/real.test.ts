import assert from 'node:assert/strict'
import type { Catch } from '../../../dev/demo/catches.js'
import { parseRealOptions } from '../../../dev/sim/real/options.js'
import { Promises, type SettledFacts } from '../../../dev/sim/real/promises.js'
import { failureLines, intervalLine } from '../../../dev/sim/real/watch.js'

// What it runs, a grid of real processes, is run and killed by test/e2e/grid.test.ts.
describe('npm run sim -- --real', () => {
  it('has twenty provers, every villain among them, as its defaults', () => {
    assert.deepEqual(parseRealOptions([]), {
      provers: 20,
      villains: [
        'fewer-steps',
        'ignores-seed',
        'skips-steps',
        'half-precision',
        'honest-when-watched',
      ],
      intervals: 3,
      honest: null,
      interval: 90,
      users: 20,
      audit: false,
      device: 'cpu',
      gpuClass: null,
      model: null,
    })
    assert.equal(parseRealOptions(['--help']), null)
  })

  it('has none with --honest', () => {
    const options = parseRealOptions(['--honest', '10000', '--provers', '4'])
    assert.deepEqual([options?.honest, options?.villains, options?.provers], [10_000, [], 4])
    assert.deepEqual([options?.interval, options?.users], [60, 120])
  })

  it('takes a model’s folder by the name that all commands have for it', () => {
    assert.equal(parseRealOptions(['--model.dir', '/models/one'])?.model, '/models/one')
    assert.throws(() => parseRealOptions(['--model', '/models/one']), { code: 'bad_option' })
  })

  for (const [args, message] of [
    [['--villains', 'nobody'], /^--villains: there is no villain "nobody"$/],
    [['--villains', 'fewer-steps,fewer-steps'], /^--villains: one is named twice$/],
    [['--provers', '5'], /^--provers: of 5 none is honest, with 5 villains$/],
    [['--honest', '0'], /^--honest: 0 is no whole number from 1 to 1000000$/],
    [['--interval', '1.5'], /^--interval: 1.5 is no whole number/],
    [['--device', 'gpu'], /^--device: gpu is neither cpu nor cuda$/],
    [['--loads', '5'], /--loads/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => {
      assert.throws(() => parseRealOptions([...args]), { code: 'bad_option', message })
    })
  }
})

const PROVERS = [
  { name: 'prover-1', hotkey: 'p' },
  { name: 'fewer-steps', villain: 'fewer-steps', hotkey: 'v' },
]
const CAUGHT: Catch = {
  cheated: 2,
  checked: 2,
  caughtBy: new Map([['challenge', 1]]),
  afterMs: 1,
  afterIntervals: 0,
}
const MISSED: Catch = { ...CAUGHT, caughtBy: new Map(), afterMs: null, afterIntervals: null }
const ONCE = { times: 1, readBack: true }

function facts(n: number, more: Partial<SettledFacts> = {}): SettledFacts {
  return { n, verdicts: [], catches: new Map(), weights: ONCE, ...more }
}

function verdict(hotkey: string, verdict: 'pass' | 'cheat' | 'abstained') {
  const reason = verdict === 'cheat' ? 'hash_differs' : 'hash_equal'
  return { hotkey, verdict, kind: 'challenge', reason } as const
}

describe('what a simulation of real processes promises', () => {
  it('nobody honest is accused', () => {
    const promises = new Promises(PROVERS)
    const fine = [verdict('p', 'pass'), verdict('v', 'cheat'), verdict('p', 'abstained')]
    assert.equal(promises.settled(facts(1, { verdicts: fine })), null)
    assert.equal(promises.counts.judged, 2)
    assert.equal(
      promises.settled(facts(2, { verdicts: [verdict('p', 'cheat')] })),
      'prover-1 is honest and was accused in interval 2, by a check of kind challenge (hash_differs)',
    )
  })

  it('a villain is caught within one interval of its first checked cheat', () => {
    const late = new Promises(PROVERS)
    const with_ = (of: Catch) => ({ catches: new Map([['fewer-steps', of]]) })
    assert.equal(late.settled(facts(1, with_({ ...MISSED, checked: 0 }))), null)
    assert.equal(late.settled(facts(2, with_(MISSED))), null)
    assert.match(
      late.settled(facts(3, with_(MISSED))) ?? '',
      /^fewer-steps was not caught by the end of interval 3, although 2 of its cheats were checked/,
    )
    const soon = new Promises(PROVERS)
    assert.equal(soon.ended(), 'fewer-steps was never caught')
    assert.equal(soon.settled(facts(1, with_(MISSED))), null)
    assert.equal(soon.settled(facts(2, with_({ ...CAUGHT, afterIntervals: 1 }))), null)
    assert.equal(soon.ended(), null)
    const slow = with_({ ...CAUGHT, afterIntervals: 2 })
    assert.match(new Promises(PROVERS).settled(facts(3, slow)) ?? '', /caught only 2 intervals/)
  })

  it('weights are on the chain once, as they were decided', () => {
    const broken = (weights: SettledFacts['weights']) =>
      new Promises(PROVERS).settled(facts(1, { weights }))
    assert.equal(broken(null), null)
    assert.equal(
      broken({ times: 2, readBack: true }),
      'the weights of interval 1 are 2 times on the chain',
    )
    assert.match(broken({ times: 1, readBack: false }) ?? '', /and were not read back as decided$/)
  })

  it('counts verdicts by kind, with the reasons of those that are none', () => {
    const { counts } = new Promises(PROVERS)
    counts.add([
      verdict('p', 'pass'),
      verdict('v', 'cheat'),
      verdict('p', 'abstained'),
      { kind: 'answer', verdict: 'fail', reason: 'late' },
      { kind: 'spotcheck', verdict: 'fail', reason: 'opening_refused' },
    ])
    assert.equal(counts.judged, 3)
    assert.match(counts.text(), /^challenges +1 +1 +0 +0 +1$/m)
    assert.match(counts.text(), /^spot checks +0 +0 +1 +0 +0$/m)
    assert.match(counts.text(), /^1 × fail \(late\)$/m)
  })

  it('names each failure of an honest prover', () => {
    const late = { hotkey: 'p', kind: 'answer', verdict: 'fail', reason: 'late' } as const
    const verdicts = [verdict('v', 'cheat'), verdict('p', 'pass'), late]
    assert.deepEqual(failureLines({ verdicts }, PROVERS), [
      '  prover-1: user’s request: fail (late)',
    ])
  })

  it('says in a line what came of an interval', () => {
    const verdicts = [verdict('p', 'pass'), verdict('v', 'cheat')]
    assert.equal(
      intervalLine(facts(4, { verdicts }), PROVERS, 12),
      'interval 4: 2 challenges, 0 audits, 0 spot checks | 1 pass, 1 cheat | caught fewer-steps | accused wrongly nobody | weights on the chain once | 12 judged in all',
    )
  })
})
