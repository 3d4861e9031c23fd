import assert from 'node:assert/strict'
import { AtOnce } from '../../../api/http/at-once.js'

describe('AtOnce', () => {
  it('runs so many at once, the others in turn, and sends away who comes after them', async () => {
    const turns = new AtOnce({ running: 2, waiting: 3 })
    const begun: number[] = []
    const ends: ((failure?: Error) => void)[] = []
    const runs = Array.from({ length: 6 }, (_, i) =>
      turns.run(
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
    assert.equal(await turns.run(async () => 7), 7)
  })
})
