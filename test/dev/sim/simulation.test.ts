import assert from 'node:assert/strict'
import { runJob } from '../../../dev/sim/jobs.js'
import { chosenBehaviours } from '../../../dev/sim/population.js'
import { brokenPromises, cellsOf, tableOf } from '../../../dev/sim/report.js'
import { runJobs } from '../../../dev/sim/run-jobs.js'
import { type SimulationResult, simulate } from '../../../dev/sim/simulation.js'
import { simulatedProfile } from '../../../dev/sim/world.js'

const VILLAINS = [
  'fakes all',
  'fakes all but wide',
  'fakes, refuses openings',
  'half precision',
  'skips 5 of 25 steps',
]
/** They have no GPU: whatever they answer is made up, copied, or another model's. */
const IDLE_CHEATS = ['cached', 'fakes, signs a class of its own']
const OTHERS = [
  'flaky 2 %',
  'slow 5 %',
  '8 hotkeys, 1 GPU, silent',
  '8 hotkeys, 1 GPU, refusing',
  'farm, takes only wide requests',
  'says 4 GPUs, has 1',
  'takes only when empty',
  'relay to one that asks for permits',
]
const AMONG_VERIFIERS = ['serves one verifier only', 'cheats towards one verifier']

function run(
  verifiers: number,
  names: readonly string[],
  { provers = 75, intervals = 12, seed = 1 } = {},
): SimulationResult {
  return simulate({
    provers,
    intervals,
    load: 0.5,
    verifiers,
    verifierGpus: 1,
    seed,
    behaviours: chosenBehaviours(names, verifiers),
    profile: simulatedProfile(120),
  })
}

function honest(
  of: { provers: number; verifiers: number; load: number },
  seed = 1,
): SimulationResult {
  const more = { intervals: 12, verifierGpus: 1, seed, behaviours: [] }
  return simulate({ ...of, ...more, profile: simulatedProfile(120) })
}

/** With one, who of three provers is served most in twelve intervals is chance. */
const SEEDS = [1, 2, 3, 4]

describe('the mechanism, simulated (npm run sim, short)', () => {
  let result: SimulationResult
  const weightOf = (name: string, of = result) =>
    cellsOf([of]).find(({ behaviour }) => behaviour === name)!.weightPerGpu

  before(() => {
    result = run(1, [...VILLAINS, ...IDLE_CHEATS, ...OTHERS], { provers: 85 })
  })

  it('accuses nobody who did not cheat', () => {
    assert.ok(result.checksJudged > 1000, `${result.checksJudged} checks`)
    assert.deepEqual(result.wronglyAccused, [])
  })

  it('catches who breaks many steps, and pays it little', () => {
    for (const name of VILLAINS) {
      const { caught, cheating } = cellsOf([result]).find(({ behaviour }) => behaviour === name)!
      assert.equal(`${name}: ${caught}`, `${name}: ${cheating}`)
      assert.ok(weightOf(name) < 0.6, `${name}: ${weightOf(name)}`)
    }
  })

  it('pays nothing to who computes nothing', () => {
    for (const name of ['fakes all', ...IDLE_CHEATS]) {
      assert.ok(weightOf(name) < 0.02, `${name}: ${weightOf(name)}`)
    }
  })

  it('pays for what is served: neither for hotkeys nor for what is said', () => {
    for (const [name, most] of [
      ['8 hotkeys, 1 GPU, silent', 0.6],
      ['8 hotkeys, 1 GPU, refusing', 1.2],
      ['farm, takes only wide requests', 0.2],
      ['takes only when empty', 0.8],
      ['relay to one that asks for permits', 0.05],
    ] as const) {
      assert.ok(weightOf(name) < most, `${name}: ${weightOf(name)}`)
    }
  })

  it('pays an honest prover that is a little slower like the others', () => {
    assert.ok(weightOf('slow 5 %') > 0.8, `${weightOf('slow 5 %')}`)
  })

  it('finds who serves or cheats one verifier only', () => {
    const among = run(2, AMONG_VERIFIERS, { provers: 16 })
    for (const name of AMONG_VERIFIERS) {
      assert.ok(weightOf(name, among) < 0.8, `${name}: ${weightOf(name, among)}`)
    }
    assert.deepEqual(among.wronglyAccused, [])
  })

  for (const provers of [1, 2, 3]) {
    it(`holds in a subnet of ${provers}, also among three verifiers`, () => {
      for (const verifiers of [1, 3]) {
        const few = SEEDS.map((seed) => honest({ provers, verifiers, load: 0.5 }, seed))
        assert.ok(few.every(({ checksJudged }) => checksJudged > 0))
        assert.deepEqual(brokenPromises(few), [])
      }
    })
  }

  it('pays provers of a verifier without users, by its own requests alone', () => {
    const quiet = honest({ provers: 9, verifiers: 1, load: 0 })
    assert.equal(quiet.users, 0)
    assert.deepEqual(brokenPromises([quiet]), [])
    for (const { weightPerGpu, tiers } of quiet.owners) {
      assert.ok(weightPerGpu > 0.9 && weightPerGpu < 1.1, `${weightPerGpu}`)
      assert.notEqual(tiers.at(-1), 'bronze')
    }
  })

  it('is the same for the same seed, and another for another', () => {
    const of = (seed: number) => run(1, ['fakes 10 %'], { provers: 6, intervals: 3, seed })
    assert.deepEqual(of(7), of(7))
    assert.notDeepEqual(of(7), of(8))
  })

  it('is the same in threads, told in the order of what was asked for', async () => {
    const jobs = [5, 120].map((load) => ({
      ...{ provers: 6, intervals: 2, verifierGpus: 1, behaviours: ['fakes 10 %'] },
      ...{ load, verifiers: 1, seed: 7 },
    }))
    const told: number[] = []
    const finished = await runJobs(jobs, 2, ({ result }) => told.push(result.load))
    assert.deepEqual(told, [0.05, 1.2])
    assert.deepEqual(
      finished.map(({ result }) => result),
      jobs.map((job) => runJob(job).result),
    )
  })

  it('says what a thread failed with', async () => {
    const job = { provers: 1, intervals: 1, verifierGpus: 1, load: 50, verifiers: 1, seed: 1 }
    const failing = runJobs([{ ...job, behaviours: ['fakes all'] }], 2, () => undefined)
    await assert.rejects(failing, /^Error: 1 provers are too few/)
  })

  it('says what is broken, and shows a row a behaviour', () => {
    const rich = { ...result.owners[0]!, behaviour: 'fakes all', weightPerGpu: 1.2 }
    const served = (ratio: number) => ({ leastOfMost: ratio, leastOfMostByVerifier: [ratio] })
    const broken = { ...result, owners: [rich], wronglyAccused: ['h1'], ...served(0.8) }
    assert.deepEqual(brokenPromises([broken]), [
      '50 % load, 1 verifier: "fakes all" earns 1.20 of an honest GPU, above 1.1',
      '50 % load, 1 verifier, seed 1: h1 was accused and never cheated',
      '50 % load, 1 verifier: honest provers served least have 0.800 of the weight of those served most',
    ])
    const others = [broken, { ...broken, seed: 2, ...served(0.86) }]
    assert.equal(
      brokenPromises(others).at(-1),
      '50 % load, 1 verifier: honest provers served least have 0.830 ± 0.030 of the weight of those served most',
    )
    const three = { ...broken, verifiers: 3, wronglyAccused: [], owners: [] }
    const ofThree = (leastOfMost: number, ...leastOfMostByVerifier: number[]) =>
      brokenPromises([{ ...three, leastOfMost, leastOfMostByVerifier }])
    assert.deepEqual(ofThree(1, 0.88, 0.87, 0.86), [])
    assert.deepEqual(ofThree(0.98, 0.82, 0.84, 0.83), [
      '50 % load, 3 verifiers: honest provers served least have 0.980 of the weight of those served most; at one of the verifiers 0.830 ± 0.006',
    ])
    assert.equal(ofThree(0.89, 0.92, 0.92, 0.92).length, 1)
    const little = { ...broken, load: 0.05, wronglyAccused: [], ...served(0.95) }
    assert.equal(brokenPromises([little]).length, 1)
    assert.deepEqual(brokenPromises([{ ...little, owners: [{ ...rich, weightPerGpu: 1.14 }] }]), [])
    assert.equal(
      tableOf([result], 1).length,
      2 + 1 + VILLAINS.length + IDLE_CHEATS.length + OTHERS.length,
    )
  })
})
