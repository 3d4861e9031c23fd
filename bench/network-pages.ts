// How long the network's answers take on a large ledger: 256 provers × 500 intervals, four answers each.
// npm run bench -- network [--intervals 500] [--asked 40] [--slowest 3: as many statements of each, with their milliseconds]
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../base/log.js'
import { removePostgres, startPostgres } from '../dev/postgres/start-postgres.js'
import { type Database, openDatabase } from '../ledger/database.js'
import { migrate } from '../ledger/schema/migrate.js'
import { PRODUCTION_PROFILE } from '../rules/profile.js'
import { awayTemporal, startApi } from '../test/api/server.js'
import { report } from './support/figures.js'
import { quantile } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const { intervals: INTERVALS, asked: ASKED, slowest: SLOWEST } = benchOptions('network')
const PROVERS = 256
const ANSWERS = 4
const ID = { netuid: 18, verifier: 'verifier' }
const KEY = `'${ID.verifier}'`

const hotkey = (uid: string) => `rpad('5Prover' || translate(${uid}::text, '0', 'z'), 48, 'x')`

/** Every interval but the newest is settled. */
const FILL = [
  `INSERT INTO verifiers (netuid, verifier) VALUES (18, ${KEY})`,
  `INSERT INTO intervals (netuid, verifier, n, first_block, length, phase, opened_after, profile, opened_at, closed_at, settled_at)
   SELECT 18, ${KEY}, n, n * 360, 360, CASE WHEN n = ${INTERVALS} THEN 'rounds' ELSE 'settled' END, n - 1,
     '${JSON.stringify(PRODUCTION_PROFILE)}', now(), CASE WHEN n < ${INTERVALS} THEN now() END, CASE WHEN n < ${INTERVALS} THEN now() END
   FROM generate_series(1, ${INTERVALS}) n`,
  `INSERT INTO provers (netuid, verifier, hotkey, registered_block, uid, coldkey, tier, total_successes, score_ppm, settled_n)
   SELECT 18, ${KEY}, ${hotkey('u')}, 1, u, 'cold' || u, 'silver', 5000, 400000, ${INTERVALS - 1} FROM generate_series(1, ${PROVERS}) u`,
  `INSERT INTO interval_provers (netuid, verifier, n, hotkey, registered_block, uid, coldkey, axon_ip, axon_port, validator_permit,
     tier, total_successes, score_ppm, determinism_class, model_root, capacity, reachable)
   SELECT 18, ${KEY}, n, hotkey, 1, uid, coldkey, '192.0.2.1', 8091, false, 'silver', 5000, 400000, 'fc2;test', 'cd', 2, true
   FROM provers, generate_series(1, ${INTERVALS}) n`,
  `INSERT INTO scores SELECT 18, ${KEY}, n, hotkey, 1, uid, 'silver', 'silver', NULL, 7, 7, 1, 1, 0, 5000, 5008, 550000, 1000000, 400000, 407500
   FROM provers, generate_series(1, ${INTERVALS - 1}) n`,
  `INSERT INTO tier_history (netuid, verifier, n, hotkey, registered_block, uid, from_tier, to_tier, reason)
   SELECT 18, ${KEY}, n, hotkey, 1, uid, 'bronze', 'silver', 'promoted' FROM provers, generate_series(1, ${INTERVALS - 1}, 100) n`,
  `INSERT INTO inference_requests SELECT gen_random_uuid(), 'video_' || lpad('', 24, 'a'), 18, ${KEY}, 'key', 1, 'p', '', 12, 3000, 64, 64, 16, 8, 'm', true`,
  `INSERT INTO attempts (request_id, netuid, verifier, n, kind, inference_id, attempt_no, hotkey, registered_block, body, body_sha256, work,
     counted, api_key_id, deadline_ms, outcome, reason, frames_sha256, trace_root, determinism_class, signature, elapsed_us, asked_at, completed_at)
   SELECT gen_random_uuid(), 18, ${KEY}, n, CASE WHEN k = 1 THEN 'challenge' ELSE 'inference' END,
     CASE WHEN k > 1 THEN (SELECT id FROM inference_requests) END, (n * ${PROVERS} + uid) * 10 + k, hotkey, 1, '{}', 'ef', 786432, true,
     CASE WHEN k > 1 THEN 'key' || k END, 30000, CASE WHEN k = 4 AND uid % 7 = 0 THEN 'failure' ELSE 'success' END, 'served', '01', '02',
     'fc2;test', '0x', 950000, now() - (${INTERVALS} - n) * interval '72 minutes', now() - (${INTERVALS} - n) * interval '72 minutes'
   FROM provers, generate_series(1, ${INTERVALS}) n, generate_series(1, ${ANSWERS}) k`,
  `INSERT INTO verdicts SELECT 18, ${KEY}, n, request_id, 'challenge', hotkey, 1, 'pass', 'hash_equal', 1000000, NULL, completed_at
   FROM attempts WHERE kind = 'challenge'`,
  'ANALYZE',
]

/** Not through the ledger's pool: its patience with a statement is short. */
async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  // The job of all those requests is not there; nothing here asks for it.
  for (const sql of ['SET session_replication_role = replica', ...FILL]) await client.query(sql)
  await client.end()
}

async function main(): Promise<void> {
  const log = createLog('bench', 'silent')
  const dataDir = await mkdtemp(join(tmpdir(), 'fractal-bench-postgres-'))
  const postgres = await startPostgres({ dataDir, port: 0, log, settings: { fsync: 'off' } })
  const temporal = awayTemporal()
  let db: Database | undefined
  try {
    await migrate(postgres.url, { log })
    db = openDatabase({ url: postgres.url, applicationName: 'bench', max: 16, log })
    await fill(postgres.url)
    let clock = performance.now()
    const elapsed = () => {
      // What was kept of the last answer is too old for the next.
      clock += 2_000
      return clock
    }
    const api = await startApi({ db: slowest(db), temporal, verifierId: ID, elapsed })
    const pages = [
      '',
      '/provers',
      `/provers/${'5Prover17'.padEnd(48, 'x')}`,
      '/tiers',
      '/intervals?limit=20',
      `/intervals/${INTERVALS - 1}`,
      `/intervals/${INTERVALS}`,
    ]
    for (const page of pages) await measure(`${api.url}/v1/network${page}`)
    await api.close()
  } finally {
    await temporal.connection.close()
    await db?.close()
    await postgres.stop('fast')
    await removePostgres(dataDir)
  }
}

const times = new Map<string, number>()

/** Notes how long each statement took at most. */
function slowest(db: Database): Database {
  return {
    ...db,
    query: async <R>(sql: string, params?: unknown[]): Promise<R[]> => {
      const from = performance.now()
      const rows = await db.query<R>(sql, params)
      const took = performance.now() - from
      if (took > (times.get(sql) ?? 0)) times.set(sql, took)
      return rows
    },
  }
}

async function measure(url: string): Promise<void> {
  const took: number[] = []
  let bytes = 0
  times.clear()
  for (let i = 0; i < ASKED; i += 1) {
    const from = performance.now()
    const res = await fetch(url)
    bytes = (await res.arrayBuffer()).byteLength
    took.push(performance.now() - from)
    if (!res.ok) throw new Error(`${url}: ${res.status}`)
  }
  const name = `${new URL(url).pathname.replace(/5Prover.*/, '{hotkey}')}, ${Math.round(bytes / 1024)} KiB`
  report(`${name}, p50`, quantile(took, 0.5), 'ms')
  report(`${name}, p99`, quantile(took, 0.99), 'ms')
  for (const [sql, ms] of [...times].sort((a, b) => b[1] - a[1]).slice(0, SLOWEST)) {
    console.log(`    ${ms.toFixed(1)} ms  ${sql.replace(/\s+/g, ' ').slice(0, 140)}`)
  }
}

await main()
