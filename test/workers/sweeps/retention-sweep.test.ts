import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Database } from '../../../ledger/database.js'
import { insertTestEvent } from '../../../ledger/webhooks/deliveries.js'
import { insertWebhook } from '../../../ledger/webhooks/webhooks.js'
import { RetentionSweep } from '../../../workers/sweeps/retention-sweep.js'
import { newKey } from '../../api/auth/new-key.js'
import { newJob, newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'

describe('the retention sweep', () => {
  const database = useDatabase()

  it('takes few rows a statement, is due again when it failed, and then for an hour not', async () => {
    const { db } = database()
    const id = newVerifier()
    const key = await newKey(db)
    const hook = { id: `whk_${'a'.repeat(24)}`, apiKeyId: key.id, url: 'https://example.com/' }
    const secret = randomBytes(32)
    await insertWebhook(db, { ...hook, events: ['video.failed'], secret }, 1)
    for (let i = 0; i < 7; i += 1) {
      await insertTestEvent(db, id, `evt_${String(i).repeat(32)}`, hook.id, 100)
      const job = await newJob(db, id, { apiKeyId: key.id })
      await db.execute(
        `INSERT INTO idempotency_keys VALUES ($1, $2, $3, $4, now() - make_interval(hours => $5))`,
        [key.id, `key ${i}`, randomBytes(32), job.id, i < 5 ? 25 : 23],
      )
    }
    // Five are old, one of them is still pending.
    const old = [0, 1, 2, 3, 4].map((i) => `evt_${String(i).repeat(32)}`)
    await db.execute(
      `UPDATE webhook_events SET created_at = now() - interval '31 days' WHERE id = ANY ($1)`,
      [old],
    )
    await db.execute(
      `UPDATE webhook_deliveries SET state = 'delivered', ended_at = now() WHERE event_id <> $1`,
      [old[0]],
    )
    const deleted: number[] = []
    let isAway = true
    const watched: Database = {
      ...db,
      execute: async (sql, params) => {
        if (isAway) throw new Error('away')
        const count = await db.execute(sql, params)
        if (/webhook_events|idempotency_keys/.test(sql)) deleted.push(count)
        return count
      },
    }
    let now = 0
    const sweep = new RetentionSweep(watched, id, { videosDays: 30, recordsDays: 0 }, () => now, {
      rows: 2,
      videos: 2,
    })
    await assert.rejects(sweep.whenDue(), /away/)
    isAway = false
    await sweep.whenDue()
    assert.deepEqual(deleted, [2, 2, 0, 2, 2, 1])
    now += 3_599_000
    await sweep.whenDue()
    assert.equal(deleted.length, 6, 'not yet')
    now += 1_000
    await sweep.whenDue()
    assert.equal(deleted.length, 8)
  })
})
