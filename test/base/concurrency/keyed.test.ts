import assert from 'node:assert/strict'
import { KeyedLimit } from '../../../base/concurrency/keyed-limit.js'
import { KeyedMutex } from '../../../base/concurrency/keyed-mutex.js'

describe('KeyedMutex', () => {
  it('runs tasks of one key one at a time in their order, and those of others beside them', async () => {
    const mutex = new KeyedMutex()
    const log: string[] = []
    const run = (key: string, name: string) =>
      mutex.run(key, async () => {
        log.push(`${name} starts`)
        await new Promise(setImmediate)
        log.push(`${name} ends`)
        if (name === 'a1') throw new Error('a1 failed')
      })
    const failed = assert.rejects(run('a', 'a1'), /a1 failed/)
    await Promise.all([failed, run('a', 'a2'), run('b', 'b1')])
    assert.deepEqual(log.slice(0, 2), ['a1 starts', 'b1 starts'])
    assert.deepEqual(
      log.filter((line) => line.startsWith('a')),
      ['a1 starts', 'a1 ends', 'a2 starts', 'a2 ends'],
    )
    await run('a', 'a3')
  })
})

describe('KeyedLimit', () => {
  it('refuses what is above a key’s limit until one is released', () => {
    const limit = new KeyedLimit(2)
    const first = limit.tryAcquire('a')
    const second = limit.tryAcquire('a')
    assert.ok(first !== null && second !== null)
    assert.equal(limit.tryAcquire('a'), null)
    assert.ok(limit.tryAcquire('b') !== null, 'another key has its own')
    first()
    assert.ok(limit.tryAcquire('a') !== null)
    assert.equal(limit.tryAcquire('a'), null)
  })
})
