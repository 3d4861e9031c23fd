import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import { LedgerError } from '../../../ledger/errors.js'
import {
  acquireLease,
  assertFence,
  baselineLastUpdate,
  putBaselineLastUpdate,
  releaseLease,
  renewLease,
} from '../../../ledger/intervals/lease.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { useDatabase } from '../../support/postgres.js'
import { newVerifier } from '../fixtures.js'

const lost = (error: unknown) =>
  error instanceof LedgerError && error.code === 'lease_lost' && !error.retryable

/** Makes the lease as old as after an outage. */
const expire = (db: Database, id: VerifierId) =>
  db.execute(
    `UPDATE leases SET expires_at = clock_timestamp() - interval '1 minute' WHERE verifier = $1`,
    [id.verifier],
  )

describe('ledger/lease', () => {
  const database = useDatabase()

  it('is held by one, and taken over once it is released', async () => {
    const { db } = database()
    const id = newVerifier()
    assert.deepEqual(await acquireLease(db, id, 'a'), { fence: 1 })
    assert.deepEqual(await acquireLease(db, id, 'a'), { fence: 1 })
    const refused = await acquireLease(db, id, 'b')
    assert('heldBy' in refused)
    assert.equal(refused.heldBy, 'a')
    assert(refused.expiresInMs > 0 && refused.expiresInMs <= 15_000)
    await releaseLease(db, id, 'b', 1)
    assert.equal(await renewLease(db, id, 'a', 1), true)
    await releaseLease(db, id, 'a', 1)
    assert.equal(await renewLease(db, id, 'a', 1), false)
    await assert.rejects(
      db.tx((tx) => assertFence(tx, id, 1)),
      lost,
    )
    assert.deepEqual(await acquireLease(db, id, 'b'), { fence: 2 })
  })

  it('goes to one of several that want it concurrently', async () => {
    const { db } = database()
    const id = newVerifier()
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => acquireLease(db, id, `holder-${i}`)),
    )
    assert.equal(answers.filter((answer) => 'fence' in answer).length, 1)
  })

  it('survives an outage when nobody else came', async () => {
    const { db } = database()
    const id = newVerifier()
    await acquireLease(db, id, 'a')
    await expire(db, id)
    await db.tx((tx) => assertFence(tx, id, 1))
    assert.equal(await renewLease(db, id, 'a', 1), true)
    assert('heldBy' in (await acquireLease(db, id, 'b')))
  })

  it('is lost after an outage when another took it', async () => {
    const { db } = database()
    const id = newVerifier()
    await acquireLease(db, id, 'a')
    await expire(db, id)
    assert.deepEqual(await acquireLease(db, id, 'b'), { fence: 2 })
    assert.equal(await renewLease(db, id, 'a', 1), false)
    await assert.rejects(
      db.tx((tx) => assertFence(tx, id, 1)),
      lost,
    )
    await releaseLease(db, id, 'a', 1)
    assert.equal(await renewLease(db, id, 'b', 2), true)
  })

  it('cannot change hands between the check and the commit', async () => {
    const { db } = database()
    const id = newVerifier()
    await acquireLease(db, id, 'a')
    await expire(db, id)
    let taken = false
    let taking: Promise<unknown> = Promise.resolve()
    await db.tx(async (tx) => {
      await assertFence(tx, id, 1)
      taking = acquireLease(db, id, 'b').then((answer) => {
        taken = true
        return answer
      })
      // The other's statement is in Postgres and waits for this transaction. Asked on another
      // connection, because inside a transaction pg_stat_activity stays as first seen.
      for (;;) {
        const waiting = await db.query(
          `SELECT 1 FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO leases%'`,
        )
        if (waiting.length > 0 || taken) break
      }
      assert.equal(taken, false)
    })
    assert.deepEqual(await taking, { fence: 2 })
  })

  it('remembers the chain’s lastUpdate of when it was taken', async () => {
    const { db } = database()
    const id = newVerifier()
    assert.equal(await baselineLastUpdate(db, id), null)
    await putBaselineLastUpdate(db, id, 77)
    await putBaselineLastUpdate(db, id, 99)
    assert.equal(await baselineLastUpdate(db, id), 99)
  })
})
