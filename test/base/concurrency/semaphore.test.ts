import assert from 'node:assert/strict'
import { Mutex, Semaphore } from '../../../base/concurrency/semaphore.js'

/** A task that runs until it is ended. */
function openTask() {
  const task = { started: false, end: () => {}, run: async () => {} }
  const ended = new Promise<void>((resolve) => {
    task.end = resolve
  })
  task.run = () => {
    task.started = true
    return ended
  }
  return task
}

describe('Semaphore', () => {
  it('never runs more than it permits, and starts the others in their order', async () => {
    const semaphore = new Semaphore({ permits: 2 })
    const started: number[] = []
    let running = 0
    let most = 0
    const run = (i: number) =>
      semaphore.run(async () => {
        started.push(i)
        running += 1
        most = Math.max(most, running)
        await new Promise(setImmediate)
        running -= 1
        return i
      })
    const results = await Promise.all([0, 1, 2, 3, 4, 5].map(run))
    assert.deepEqual(results, [0, 1, 2, 3, 4, 5])
    assert.deepEqual(started, [0, 1, 2, 3, 4, 5])
    assert.equal(most, 2)
  })

  it('lets a caller that waits give up: its task never runs, and its place is free', async () => {
    const queue = { max: 1, whenFull: () => new Error('full') }
    const semaphore = new Semaphore({ permits: 1, queue })
    const first = openTask()
    const running = semaphore.run(first.run)
    const giveUp = new AbortController()
    const second = openTask()
    const waiting = semaphore.run(second.run, giveUp.signal)
    await assert.rejects(
      semaphore.run(async () => {}),
      /full/,
    )
    giveUp.abort(new Error('gave up'))
    await assert.rejects(waiting, /gave up/)
    const third = semaphore.run(async () => 3)
    first.end()
    await running
    assert.equal(await third, 3)
    assert.equal(second.started, false)
  })

  it('runs no task of a caller that has given up before', async () => {
    const semaphore = new Semaphore({ permits: 1 })
    const task = openTask()
    await assert.rejects(
      semaphore.run(task.run, AbortSignal.abort(new Error('gave up'))),
      /gave up/,
    )
    assert.equal(task.started, false)
    assert.equal(semaphore.isLocked, false)
  })
})

describe('Mutex', () => {
  it('runs one task at a time, and goes on after a failure', async () => {
    const mutex = new Mutex()
    const first = openTask()
    const running = mutex.run(first.run)
    const failing = mutex.run(async () => {
      throw new Error('it failed')
    })
    const third = openTask()
    const last = mutex.run(third.run)
    assert.deepEqual([first.started, third.started, mutex.isLocked], [true, false, true])
    first.end()
    await running
    await assert.rejects(failing, /it failed/)
    third.end()
    await last
    assert.equal(mutex.isLocked, false)
  })
})
