import assert from 'node:assert/strict'
import { putBaselineLastUpdate } from '../../../ledger/intervals/lease.js'
import { recordGenesis } from '../../../ledger/schema/genesis.js'
import { useDatabase } from '../../support/postgres.js'

const OURS = '11'.repeat(32)
const ANOTHER = '22'.repeat(32)

describe('ledger: the chain that it is of', () => {
  const database = useDatabase()

  it('is noted once, and another one is refused for good', async () => {
    const { db } = database()
    const id = { netuid: 1, verifier: 'a verifier' }
    await putBaselineLastUpdate(db, id, 7)
    await recordGenesis(db, id, OURS)
    await recordGenesis(db, id, OURS)
    for (let i = 0; i < 2; i++) {
      await assert.rejects(recordGenesis(db, id, ANOTHER), {
        code: 'genesis_changed',
        message: /another chain: its genesis is 11{63}, that of the endpoint is 22{63}$/,
      })
    }
    await recordGenesis(db, id, OURS)
    await recordGenesis(db, { ...id, netuid: 2 }, ANOTHER)
  })
})
