import assert from 'node:assert/strict'
import { pino } from 'pino'
import { acquireLease, releaseLease } from '../../ledger/intervals/lease.js'
import { takeLease } from '../../workers/deployment-lease.js'
import { newVerifier } from '../ledger/fixtures.js'
import { useDatabase } from '../support/postgres.js'
import { until } from '../support/until.js'

describe('a standby verifier', () => {
  const database = useDatabase()

  it('says once that it waits, and for whom, and once that it judges', async () => {
    const { db } = database()
    const id = newVerifier()
    const said: { msg: string; heldBy?: string }[] = []
    const log = pino({}, { write: (line: string) => said.push(JSON.parse(line)) })
    const first = await acquireLease(db, id, 'first')
    assert.ok('fence' in first)
    let asked = 0
    const counted = {
      ...db,
      query: <R>(sql: string, params?: unknown[]) => {
        if (sql.includes('INSERT INTO leases')) asked += 1
        return db.query<R>(sql, params)
      },
    }
    const taking = takeLease(counted, id, log, new AbortController().signal)
    await until('three looks', () => asked >= 3)
    await releaseLease(db, id, 'first', first.fence)
    const lease = await taking
    await lease.release()
    assert.deepEqual(
      said.map(({ msg, heldBy }) => [msg, heldBy]),
      [
        ['another deployment judges with this hotkey; waiting for its lease', 'first'],
        ['the lease is free: this deployment judges now', 'first'],
      ],
    )
  })
})
