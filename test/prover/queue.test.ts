import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { expectedEnds } from '../../prover/expected-ends.js'
import { type QueuedEngine, WorkQueue } from '../../prover/queue.js'
import { gate } from './site.js'

interface Engine extends QueuedEngine {
  name: string
  isLost?: boolean
  restore(): void
}

const engines = (count: number): Engine[] =>
  Array.from({ length: count }, (_, i) => {
    const engine: Engine = {
      name: `engine ${i}`,
      restore: () => assert.fail('nobody listens'),
      onRestored: (listener) => {
        engine.restore = () => {
          engine.isLost = false
          listener()
        }
      },
    }
    return engine
  })

interface Offered {
  work?: number
  dueInMs?: number
  permit?: boolean
  caller?: string
  only?: Engine
}

/** A queue of so many engines, whose tasks end when the test says so; work is in expected milliseconds. */
function site(all: Engine[], expectedMs: (work: number) => number | null = (work) => work) {
  const queue = new WorkQueue(all, expectedMs)
  const began: [task: string, engine: string][] = []
  const ends = new Map<string, () => void>()
  const positions = new Map<string, number[]>()
  const offer = (
    name: string,
    { work = 100_000, dueInMs = 220_000, permit = true, caller = 'a', only }: Offered = {},
  ) => {
    const moves: number[] = []
    positions.set(name, moves)
    const end = gate()
    ends.set(name, end.open)
    return queue.offer({
      ...{ caller, work, priority: { permit, stakeRao: 0n }, only },
      abandoned: false,
      dueMs: performance.now() + dueInMs,
      moved: (position) => moves.push(position),
      giveWay: () => assert.fail('nobody has to go'),
      run: async (engine) => {
        began.push([name, engine.name])
        await end.passed
      },
    })
  }
  const finish = async (name: string) => {
    ends.get(name)!()
    await setImmediate()
  }
  return { queue, began, positions, offer, finish }
}

describe('the queue of a prover with several GPUs', () => {
  it('hands the next task to whichever engine is free, and says how many end before it', async () => {
    const { began, positions, offer, finish } = site(engines(2))
    assert.deepEqual(
      ['1', '2', '3', '4', '5'].map((name) => offer(name)),
      [0, 0, 1, 2, null],
    )
    await setImmediate()
    assert.deepEqual(began, [
      ['1', 'engine 0'],
      ['2', 'engine 1'],
    ])
    await finish('2')
    assert.deepEqual(began.at(-1), ['3', 'engine 1'])
    assert.equal(offer('5'), 2)
    await finish('1')
    await finish('3')
    assert.deepEqual(began.slice(-2), [
      ['4', 'engine 0'],
      ['5', 'engine 1'],
    ])
    assert.deepEqual([...new Set(positions.get('4'))], [2, 1, 0])
  })

  it('refuses what it expects to end after its deadline, on any of its engines', async () => {
    const { offer, finish } = site(engines(2))
    offer('1')
    offer('2', { work: 50_000 })
    await setImmediate()
    assert.equal(offer('late', { dueInMs: 149_000 }), null)
    assert.equal(offer('in time', { dueInMs: 151_000 }), 1)
    // Behind engine 0's hundred seconds now.
    assert.equal(offer('late', { work: 10_000, dueInMs: 109_000 }), null)
    await finish('1')
    assert.equal(offer('late', { work: 10_000, dueInMs: 59_000 }), null)
    assert.equal(offer('in time again', { work: 10_000, dueInMs: 61_000 }), 1)
  })

  it('refuses what would make another one late that it has taken', async () => {
    const { offer } = site(engines(2))
    offer('1', { work: 10_000 })
    offer('2')
    await setImmediate()
    assert.equal(offer('waits', { dueInMs: 150_000 }), 1)
    // A caller that was served less goes first: the other one would begin after 60 or 40 seconds.
    assert.equal(offer('first', { work: 50_000, caller: 'b' }), null)
    assert.equal(offer('first', { work: 30_000, caller: 'b' }), 1)
  })

  it('takes what begins at once whatever was measured: a slow hour does not refuse for ever', async () => {
    const { offer, finish } = site(engines(1))
    assert.equal(offer('1', { work: 1_000_000, dueInMs: 1000 }), 0)
    await setImmediate()
    assert.equal(offer('2', { work: 1_000_000, dueInMs: 1000 }), null)
    await finish('1')
    assert.equal(offer('3', { work: 1_000_000, dueInMs: 1000 }), 0)
  })

  it('keeps to its places while nothing was measured', async () => {
    const { offer } = site(engines(1), () => null)
    assert.deepEqual([offer('1'), offer('2'), offer('3')], [0, 1, null])
  })

  it('gives nothing to an engine that is lost, and declares it not', async () => {
    const [one, two] = engines(2)
    const { queue, began, offer, finish } = site([one!, two!])
    two!.isLost = true
    assert.equal(queue.gpus, 1)
    assert.deepEqual([offer('1'), offer('2'), offer('3')], [0, 1, null])
    await setImmediate()
    assert.deepEqual(began, [['1', 'engine 0']])
    one!.isLost = true
    await finish('1')
    assert.equal(offer('4'), null, 'all are lost')
    assert.equal(began.length, 1)
    two!.restore()
    assert.deepEqual(began.at(-1), ['2', 'engine 1'])
    assert.equal(queue.gpus, 1)
  })

  it('gives a task that is for one engine to that one, and others to whichever is free', async () => {
    const [one, two] = engines(2)
    const { began, offer, finish } = site([one!, two!])
    offer('1')
    await setImmediate()
    offer('for one', { only: one! })
    offer('2')
    await setImmediate()
    assert.deepEqual(began, [
      ['1', 'engine 0'],
      ['2', 'engine 1'],
    ])
    await finish('2')
    assert.equal(began.length, 2)
    await finish('1')
    assert.deepEqual(began.at(-1), ['for one', 'engine 0'])
  })
})

describe('expected ends', () => {
  it('are those of tasks that the next free GPU takes, in their order', () => {
    assert.deepEqual(expectedEnds([10, 0], [5, 5, 5, 1]), [5, 10, 15, 11])
    assert.deepEqual(expectedEnds([7], [1, 2]), [8, 10])
    assert.deepEqual(expectedEnds([7], []), [])
  })

  it('gives a video to the engine that was at its size, and knows what another size costs', async () => {
    const all = engines(2)
    const began: string[] = []
    const change = { ms: 4000, warmFor: () => 'standard' }
    const queue = new WorkQueue(all, () => 2000, change)
    const offer = (name: string, size: string, dueInMs: number) => {
      const end = gate()
      const position = queue.offer({
        ...{ caller: name, work: 1, priority: { permit: true, stakeRao: 0n }, size },
        abandoned: false,
        dueMs: performance.now() + dueInMs,
        moved: () => {},
        giveWay: () => assert.fail('nobody has to go'),
        run: async (engine) => {
          began.push(`${name} ${engine.name}`)
          await end.passed
        },
      })
      return { position, end: end.open }
    }
    const [small, standard] = [offer('a', 'small', 60_000), offer('b', 'standard', 60_000)]
    await setImmediate()
    assert.deepEqual(began, ['a engine 0', 'b engine 1'])
    // 2 s until one is free, 2 s for the video: 4 s more for a size at which neither is.
    const c = offer('c', 'small', 5000)
    assert.notEqual(c.position, null)
    assert.equal(offer('d', 'large', 7000).position, null)
    small.end()
    await setImmediate()
    assert.equal(began.at(-1), 'c engine 0')
    standard.end()
    c.end()
    await setImmediate()
    // Both are free: the first is not the one that takes it.
    const [e, f] = [offer('e', 'standard', 60_000), offer('f', 'small', 60_000)]
    await setImmediate()
    assert.deepEqual(began.slice(-2), ['e engine 1', 'f engine 0'])
    e.end()
    f.end()
  })
})
