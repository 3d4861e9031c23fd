import assert from 'node:assert/strict'
import { readSemaphore } from '../../../api/network/read-semaphore.js'

describe('the semaphore of public reads', () => {
  it('runs so many at a time, the others in their order, and refuses more than may wait', async () => {
    const semaphore = readSemaphore({ maxRunning: 2, maxQueued: 3 })
    const begun: number[] = []
    const ends: ((failure?: Error) => void)[] = []
    const runs = Array.from({ length: 6 }, (_, i) =>
      semaphore.run(
        () =>
          new Promise<number>((resolve, reject) => {
            begun.push(i)
            ends[i] = (failure) => (failure === undefined ? resolve(i) : reject(failure))
          }),
      ),
    )
    await assert.rejects(runs[5]!, { code: 'overloaded', retryAfterSeconds: 1 })
    assert.deepEqual(begun, [0, 1])
    ends[1]!(new Error('it failed'))
    await assert.rejects(runs[1]!, /it failed/)
    assert.deepEqual(begun, [0, 1, 2], 'a failure frees its place too')
    ends[0]!()
    ends[2]!()
    await Promise.all([runs[0], runs[2]])
    assert.deepEqual(begun, [0, 1, 2, 3, 4])
    ends[3]!()
    ends[4]!()
    await Promise.all([runs[3], runs[4]])
    assert.equal(await semaphore.run(async () => 7), 7)
  })
})
