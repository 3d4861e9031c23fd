import assert from 'node:assert/strict'
import {
  currentCertificates,
  type NewCertificate,
  putCertificate,
} from '../../../ledger/judging/certificates.js'
import {
  claimGpuQueue,
  hasGpuWorker,
  keepGpuQueue,
  leaveGpuQueue,
} from '../../../ledger/judging/gpu-queues.js'
import { useDatabase } from '../../support/postgres.js'

const certificate: NewCertificate = {
  ...{ determinismClass: 'a', modelRoot: 'cd', exact: true, runs: 4, processes: 2 },
  ...{ usPerWork: 1, coldUs: 0, spotCheckUsPerPixel: 1, stepDeviation: 0, frameDeviation: 0 },
  ...{ profile: 'test', framesSha256: 'aa' },
}

describe('ledger: queues of GPU workers', () => {
  const database = useDatabase()
  let last = 0
  const newQueue = () => `gpu-${++last}`

  /** @returns the worker's id */
  async function claimed(queue: string, determinismClass: string): Promise<string> {
    const claim = await claimGpuQueue(database().db, queue, determinismClass)
    assert.ok('id' in claim, JSON.stringify(claim))
    return claim.id
  }

  it('have one class, for as long as one of its workers lives', async () => {
    const { db } = database()
    const queue = newQueue()
    const [one, two] = [await claimed(queue, 'a'), await claimed(queue, 'a')]
    assert.deepEqual(await claimGpuQueue(db, queue, 'b'), { taken: 'a' })
    await leaveGpuQueue(db, one)
    assert.deepEqual(await claimGpuQueue(db, queue, 'b'), { taken: 'a' })
    assert.ok(await keepGpuQueue(db, two))
    await leaveGpuQueue(db, two)
    await claimed(queue, 'b')
    assert.deepEqual(await claimGpuQueue(db, queue, 'a'), { taken: 'b' })
    await claimed(newQueue(), 'a')
  })

  it('forget a worker that ended without a word, and tell it so if it comes back', async () => {
    const { db } = database()
    const queue = newQueue()
    assert.equal(await hasGpuWorker(db, queue), false)
    const silent = await claimed(queue, 'a')
    assert.equal(await hasGpuWorker(db, queue), true)
    assert.equal(await hasGpuWorker(db, newQueue()), false, 'another queue’s worker')
    await db.execute(
      `UPDATE gpu_workers SET seen_at = now() - interval '91 seconds' WHERE id = $1`,
      [silent],
    )
    assert.equal(await hasGpuWorker(db, queue), false)
    await claimed(queue, 'b')
    assert.equal(await keepGpuQueue(db, silent), false)
  })

  it('go to one class when two claim them at the same instant', async () => {
    const queue = newQueue()
    const claims = await Promise.all(
      ['a', 'b', 'a', 'b'].map((name) => claimGpuQueue(database().db, queue, name)),
    )
    const classes = claims.map((claim, i) => ('taken' in claim ? claim.taken : 'ab'[i % 2]))
    assert.equal(new Set(classes).size, 1, classes.join())
  })

  it('decide which certificates count', async () => {
    const { db } = database()
    await db.execute('DELETE FROM gpu_workers')
    await db.execute('DELETE FROM gpu_queues')
    for (const determinismClass of ['old', 'new']) {
      await putCertificate(db, { ...certificate, determinismClass })
    }
    const current = async () =>
      (await currentCertificates(db)).map((row) => row.determinismClass).sort()
    assert.deepEqual(await current(), ['new', 'old'], 'all, where no queue has a class yet')
    const queue = newQueue()
    await leaveGpuQueue(db, await claimed(queue, 'old'))
    assert.deepEqual(await current(), ['old'], 'also while its workers are away')
    await claimed(queue, 'new')
    assert.deepEqual(await current(), ['new'])
  })
})
