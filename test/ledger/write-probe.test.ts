import assert from 'node:assert/strict'
import { createWriteProbe } from '../../ledger/write-probe.js'
import { useDatabase } from '../support/postgres.js'

/** As PostgreSQL refuses the next page of a file on a full disk, while it answers every read. */
const FULL = `CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
  CREATE TRIGGER full_disk BEFORE INSERT ON write_probe FOR EACH ROW EXECUTE FUNCTION disk_is_full()`

describe('ledger: whether it takes writes', () => {
  const database = useDatabase()

  it('is found out by a page more, left as empty as before', async () => {
    const { db } = database()
    let now = 0
    const probe = createWriteProbe(db, () => now)
    await probe()
    const [size] = await db.query<{ pages: number; rows: number }>(
      "SELECT (pg_relation_size('write_probe') / 8192)::integer AS pages, (SELECT count(*) FROM write_probe)::integer AS rows",
    )
    assert.ok(size!.pages >= 1, 'the file grew')
    assert.equal(size!.rows, 0)
    await db.execute(FULL)
    await probe()
    now = 10_001
    await assert.rejects(probe(), /No space left/)
    await assert.rejects(probe(), 'asked anew until it is good again')
    await db.execute('DROP TRIGGER full_disk ON write_probe')
    await probe()
  })
})
