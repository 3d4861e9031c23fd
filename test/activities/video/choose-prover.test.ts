import assert from 'node:assert/strict'
import { chooseProver } from '../../../activities/video/choose-prover.js'
import { ProverRoutes } from '../../../activities/video/prover-routes.js'
import type { Database } from '../../../ledger/database.js'
import { closeInterval } from '../../../ledger/intervals/intervals.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { putCertificate } from '../../../ledger/judging/certificates.js'
import { routingChanges } from '../../../ledger/provers/routing-changes.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import {
  attempt,
  failure,
  LENGTH,
  newJob,
  newVerifier,
  openInterval,
  prover,
  resultFor,
  success,
} from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'

const FIRST_BLOCK = 1000

describe('choosing a prover', () => {
  const database = useDatabase()

  before(() =>
    putCertificate(database().db, {
      ...{ determinismClass: 'fc2;test', modelRoot: 'cd'.repeat(32), exact: true, runs: 3 },
      ...{ processes: 1, usPerWork: 1, coldUs: 0, spotCheckUsPerPixel: 1, profile: 'test' },
      framesSha256: '01'.repeat(32),
      stepDeviation: 0,
      frameDeviation: 0,
    }),
  )

  /** As one inference worker picks. */
  function worker(db: Database, id: VerifierId, block = FIRST_BLOCK) {
    const deps = {
      routes: new ProverRoutes(db, id),
      block: () => block,
      random: (below: number) => Math.floor(below / 2),
      deadlineFloorMs: 10_000,
    }
    return () => chooseProver(deps, 1_000_000, [])
  }

  async function ask(db: Database, id: VerifierId, uid: number, blockRange = 0) {
    const { inferenceId } = await newJob(db, id)
    const [row] = await startAttempts(db, id, [attempt(uid, { inferenceId, blockRange, gpus: 1 })])
    return row!.requestId
  }

  /** As if they were long over. */
  const forget = (db: Database, id: VerifierId) =>
    db.execute(
      'UPDATE prover_routing SET paused_until = NULL, refused_until = NULL WHERE verifier = $1',
      [id.verifier],
    )

  it('sees what every worker stored, and holds a place for what it is about to store', async () => {
    const { db } = database()
    const id = newVerifier()
    const [a, b] = [worker(db, id), worker(db, id)]
    assert.equal((await a()).hotkey, null, 'no interval yet')
    await openInterval(db, id, 1, [1])
    assert.equal((await a()).hotkey, prover(1).hotkey)
    assert.equal((await a()).hotkey, prover(1).hotkey)
    assert.deepEqual(await a(), { hotkey: null, freeInMs: null }, 'both places are held')
    assert.equal((await b()).hotkey, prover(1).hotkey)
    // One is stored: what the ledger says replaces what was held.
    const requestId = await ask(db, id, 1)
    assert.equal((await a()).hotkey, prover(1).hotkey)
    await ask(db, id, 1)
    assert.equal((await a()).hotkey, null)
    assert.equal((await b()).hotkey, null, 'whoever asked')
    await recordOutcomes(db, id, [success(requestId)])
    await forget(db, id)
    assert.equal((await a()).hotkey, prover(1).hotkey)
  })

  it('frees the place of a worker that was killed when its deadline ends', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1, [1])
    const pick = worker(db, id)
    const [one, two] = [await ask(db, id, 1), await ask(db, id, 1)]
    assert.equal((await pick()).hotkey, null)
    await db.execute(
      `UPDATE attempts SET asked_at = asked_at - make_interval(secs => deadline_ms / 1000.0) WHERE request_id = ANY ($1)`,
      [[one, two]],
    )
    await db.execute('UPDATE prover_routing SET used = used WHERE verifier = $1', [id.verifier])
    assert.equal((await pick()).hotkey, prover(1).hotkey)
  })

  it('waits for one that is left alone, and leaves alone who refused for ten seconds', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1, [1, 2])
    const pick = worker(db, id)
    const refused = await ask(db, id, 1)
    await recordOutcomes(db, id, [
      failure(refused, { outcome: 'refused', reason: 'refused', verdict: null }),
    ])
    for (let k = 0; k < 2; k++) assert.equal((await pick()).hotkey, prover(2).hotkey)
    const none = await pick()
    assert.ok(none.hotkey === null && none.freeInMs !== null)
    assert.ok(none.freeInMs > 5_000 && none.freeInMs <= 10_000, String(none.freeInMs))
    const served = await ask(db, id, 2)
    await recordOutcomes(db, id, [success(served)])
    await db.execute(
      `UPDATE prover_routing SET paused_until = clock_timestamp() + interval '2 s' WHERE verifier = $1 AND hotkey = $2`,
      [id.verifier, prover(2).hotkey],
    )
    const soon = await pick()
    assert.ok(soon.hotkey === null && soon.freeInMs !== null && soon.freeInMs <= 2_000)
    await forget(db, id)
    assert.notEqual((await pick()).hotkey, null)
  })

  it('goes on by blocks where no interval opens, and with the newest that does', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1, [1])
    const full = await ask(db, id, 1)
    await recordOutcomes(db, id, [success(full)])
    await forget(db, id)
    await db.execute('UPDATE prover_routing SET used = 500 WHERE verifier = $1', [id.verifier])
    assert.equal((await worker(db, id)()).hotkey, null, 'the limit of Bronze')
    assert.equal((await worker(db, id, FIRST_BLOCK + LENGTH)()).hotkey, prover(1).hotkey)
    const pick = worker(db, id, FIRST_BLOCK + LENGTH)
    await pick()
    await db.tx((tx) => closeInterval(tx, id, 1))
    await openInterval(db, id, 2, [3])
    assert.equal((await pick()).hotkey, prover(3).hotkey)
    await db.execute(
      `UPDATE interval_provers SET reachable = false, unreachable_reason = 'away' WHERE verifier = $1 AND n = 2`,
      [id.verifier],
    )
    assert.equal((await pick()).hotkey, null)
  })

  it('draws by what was proven when an interval settled, of which newcomers have nothing', async () => {
    const { db } = database()
    const id = newVerifier()
    const measure = async (uid: number) => {
      await recordOutcomes(db, id, [success(await ask(db, id, uid))])
      await forget(db, id)
    }
    await openInterval(db, id, 1, [1, 2])
    // One after the other: `forget` locks its rows in no order.
    for (const uid of [1, 2]) await measure(uid)
    // The middle of two equal weights is the second's.
    assert.equal((await worker(db, id)()).hotkey, prover(2).hotkey)
    await db.tx(async (tx) => {
      await closeInterval(tx, id, 1)
      await writeSettlement(tx, id, 1, resultFor(1, [1]))
    })
    await openInterval(db, id, 2, [1, 2])
    await db.execute('UPDATE intervals SET opened_after = 1 WHERE verifier = $1 AND n = 2', [
      id.verifier,
    ])
    const { rows } = await routingChanges(db, id, null)
    assert.deepEqual(
      new Map(rows.map(({ hotkey, provenPpm }) => [hotkey, provenPpm])),
      new Map([
        [prover(1).hotkey, 1_000_000],
        [prover(2).hotkey, null],
      ]),
    )
    assert.equal((await worker(db, id)()).hotkey, prover(1).hotkey)
  })

  it('reads once for all who come while a read is under way', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(
      db,
      id,
      1,
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
    let reads = 0
    const counting: Database = {
      ...db,
      query: (sql, params, options) => {
        if (options?.prepare === 'routing-changes') reads += 1
        return db.query(sql, params, options)
      },
    }
    const pick = worker(counting, id)
    const chosen = await Promise.all(Array.from({ length: 40 }, pick))
    assert.ok(reads <= 2, String(reads))
    const counts = new Map<string | null, number>()
    for (const { hotkey } of chosen) counts.set(hotkey, (counts.get(hotkey) ?? 0) + 1)
    assert.equal(counts.size, 20)
    assert.ok([...counts.values()].every((count) => count === 2))
  })
})
