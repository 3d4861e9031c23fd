import assert from 'node:assert/strict'
import { LedgerError } from '../../../ledger/errors.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { insertVerdicts, verdictsOf } from '../../../ledger/judging/verdicts.js'
import { useDatabase } from '../../support/postgres.js'
import { newVerifier, openInterval, prover, resultFor, uuid } from '../fixtures.js'

describe('ledger: what is never changed', () => {
  const database = useDatabase()

  const refused = (error: unknown) =>
    error instanceof LedgerError &&
    error.code === 'ledger_query_failed' &&
    /append-only/.test(error.message)

  for (const [table, column] of [
    ['tier_history', 'reason'],
    ['verdicts', 'reason'],
  ]) {
    it(`${table} refuses UPDATE, DELETE and TRUNCATE`, async () => {
      const { db } = database()
      const id = newVerifier()
      await openInterval(db, id, 1)
      await insertVerdicts(db, id, 1, [
        {
          requestId: uuid(),
          kind: 'challenge',
          hotkey: prover(1).hotkey,
          registeredBlock: prover(1).registeredBlock,
          verdict: 'pass',
          reason: 'hash_equal',
          rewardPpm: 1_000_000,
          detail: null,
        },
      ])
      await db.tx((tx) => writeSettlement(tx, id, 1, resultFor(1)))
      const rows = () => db.query(`SELECT * FROM ${table} WHERE verifier = $1`, [id.verifier])
      const before = await rows()
      assert.equal(before.length, 1)
      await assert.rejects(db.execute(`UPDATE ${table} SET ${column} = 'other'`), refused)
      await assert.rejects(db.execute(`DELETE FROM ${table}`), refused)
      await assert.rejects(db.execute(`TRUNCATE ${table} CASCADE`), refused)
      assert.deepEqual(await rows(), before)
    })
  }

  it('a second verdict for the same check changes nothing', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const requestId = uuid()
    const { hotkey, registeredBlock } = prover(1)
    const check = { requestId, kind: 'challenge', hotkey, registeredBlock, detail: null } as const
    const first = { ...check, verdict: 'pass', reason: 'hash_equal', rewardPpm: 1_000_000 } as const
    const second = { ...check, verdict: 'cheat', reason: 'hash_differs', rewardPpm: null } as const
    await insertVerdicts(db, id, 1, [first])
    await insertVerdicts(db, id, 1, [second])
    const rows = await verdictsOf(db, id, 1)
    assert.deepEqual(
      rows.map(({ decidedAt: _, ...row }) => row),
      [{ n: 1, ...first, evidenceSha256: null }],
    )
  })
})
