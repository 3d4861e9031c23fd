import assert from 'node:assert/strict'
import { intervalGauges } from '../../ledger/intervals/interval-gauges.js'
import { queueGauges } from '../../ledger/requests/queue-gauges.js'
import { livedInterval, scenic, settled } from '../api/network/scene.js'
import { useDatabase } from '../support/postgres.js'
import { newJob, newVerifier } from './fixtures.js'

describe('ledger: what metrics read', () => {
  const database = useDatabase()

  it('of a verifier without intervals: zeros', async () => {
    const { db } = database()
    const rows = await intervalGauges(db, newVerifier())
    assert.deepEqual(Object.fromEntries(rows.map(({ gauge, value }) => [gauge, value])), {
      opened: 0,
      settled: 0,
      weights_pending: 0,
      weights_confirmed: 0,
    })
  })

  it('of intervals, weights and provers: this verifier’s alone', async () => {
    const { db } = database()
    const id = newVerifier()
    await livedInterval(db, newVerifier(), 1, [{ of: scenic(3) }])
    await livedInterval(db, id, 1, [{ of: scenic(1), passes: 2 }])
    await settled(db, id, 1)
    await livedInterval(db, id, 2, [{ of: scenic(1) }, { of: scenic(2) }])
    const rows = await intervalGauges(db, id)
    const at = rows.find(({ gauge }) => gauge === 'settled_at')!.value
    assert.ok(Math.abs(at - Date.now() / 1000) < 60, `settled at ${at}`)
    const others = rows.filter(({ gauge }) => gauge !== 'settled_at')
    assert.deepEqual(others.map(({ gauge, label, value }) => `${gauge} ${label} ${value}`).sort(), [
      'opened  2',
      'provers bronze 2',
      'recent open 1',
      'recent settled 1',
      'settled  1',
      'weights_confirmed  0',
      'weights_pending  0',
    ])
  })

  it('of what users wait for', async () => {
    const { db } = database()
    const id = newVerifier()
    const none = { queued: 0, inProgress: 0, oldestQueuedSeconds: 0, deliveries: 0 }
    assert.deepEqual(await queueGauges(db, id), none)
    const jobs = [await newJob(db, id), await newJob(db, id), await newJob(db, id)]
    await newJob(db, newVerifier())
    const begun = jobs.slice(1).map((job) => job.id)
    await db.execute(`UPDATE jobs SET created_at = now() - interval '90 s' WHERE id = $1`, [
      jobs[0]!.id,
    ])
    await db.execute(
      `UPDATE jobs SET status = 'in_progress', started_at = now() WHERE id = ANY ($1)`,
      [begun],
    )
    const { oldestQueuedSeconds, ...counts } = await queueGauges(db, id)
    assert.deepEqual(counts, { queued: 1, inProgress: 2, deliveries: 0 })
    assert.ok(oldestQueuedSeconds >= 90 && oldestQueuedSeconds < 150, `${oldestQueuedSeconds} s`)
  })
})
