/**
 * What settling an interval costs: the activity itself, on an interval of 256 provers with 172 answers each, and on one
 * of four times as many; and how long recording an outcome waits for it. Database time is what PostgreSQL says it spent on
 * the statements, planning included (pg_stat_statements). Run: npm run bench -- settle [--provers 256] [--answers 172] [--times 4] [--rounds 3] [--slowest 5]
 */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createSettleInterval } from '../activities/interval/settle-interval.js'
import type { VerifierDeps } from '../activities/verifier-deps.js'
import { createLog } from '../base/log.js'
import type { Metagraph } from '../chain/chain.js'
import { removePostgres, startPostgres } from '../dev/postgres/start-postgres.js'
import { openDatabase } from '../ledger/database.js'
import { OUTCOME_LOCK_KEY } from '../ledger/judging/outcome-lock.js'
import { migrate } from '../ledger/schema/migrate.js'
import { PRODUCTION_PROFILE } from '../rules/profile.js'
import { chainWith, makeVerifier, run } from '../test/activities/verifier-site.js'
import { makeLocalHarness } from '../test/chain/local-harness.js'
import { report } from './support/figures.js'
import { median, timed } from './support/measure.js'
import { fillIntervals } from './support/settle-rows.js'
import { benchOptions } from './support/whole-options.js'

const { provers, answers, times, rounds, slowest } = benchOptions('settle')
const GOAL_MS = 200
/** Of a share of the time per prover: what "linear" leaves for noise. */
const LINEAR = 1.25

/** Takes the lock that recording takes, every millisecond until the interval is settled: how long it waited at most. */
const LONGEST_WAIT = `CREATE FUNCTION pg_temp.longest_wait(integer, text, of_n integer) RETURNS double precision LANGUAGE plpgsql AS $$
  DECLARE
    asked timestamptz;
    longest interval := '0';
  BEGIN
    WHILE NOT EXISTS (SELECT FROM intervals WHERE netuid = $1 AND verifier = $2 AND n = of_n AND phase = 'settled') LOOP
      asked := clock_timestamp();
      PERFORM pg_advisory_lock_shared(${OUTCOME_LOCK_KEY});
      longest := greatest(longest, clock_timestamp() - asked);
      PERFORM pg_advisory_unlock_shared(${OUTCOME_LOCK_KEY});
      PERFORM pg_sleep(0.001);
    END LOOP;
    RETURN 1000 * extract(epoch FROM longest);
  END $$`

interface Cost {
  readonly wholeMs: number
  readonly databaseMs: number
  /** The longest that recording an outcome waited meanwhile. */
  readonly blockedMs: number
}

const log = createLog('bench', 'silent')
const dataDir = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
const settings = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
}
const postgres = await startPostgres({ dataDir, port: 0, log, settings })
const harness = await makeLocalHarness()
/** Not through the ledger's pool: its patience with a statement is short. */
const client = new pg.Client({ connectionString: postgres.url })
try {
  await migrate(postgres.url, { log })
  await client.connect()
  await client.query('CREATE EXTENSION pg_stat_statements')
  await client.query(LONGEST_WAIT)
  const few = await measure(provers)
  report(
    `settling ${provers} provers, ${provers * answers} answers: database`,
    few.databaseMs,
    'ms',
    {
      goal: { of: 'figure', most: GOAL_MS },
    },
  )
  report(
    `settling ${provers} provers, ${provers * answers} answers: all of it`,
    few.wholeMs,
    'ms',
    {
      beside: ['its database time', few.databaseMs],
    },
  )
  report(
    `settling ${provers} provers, ${provers * answers} answers: outcomes wait`,
    few.blockedMs,
    'ms',
    {
      beside: ['all of it', few.wholeMs],
    },
  )
  const many = await measure(provers * times)
  const perProver = (cost: Cost, count: number) => (1000 * cost.databaseMs) / count
  report(
    `settling ${provers * times} provers: database time of each`,
    perProver(many, provers * times),
    'µs',
    {
      beside: [`that of ${provers}`, perProver(few, provers)],
      goal: { of: 'ratio', most: LINEAR },
    },
  )
} finally {
  await client.end()
  await harness.close()
  await postgres.stop('fast')
  await removePostgres(dataDir)
}

/** The medians of settling so many intervals, one after the other, of a verifier of its own. */
async function measure(count: number): Promise<Cost> {
  const db = openDatabase({ url: postgres.url, applicationName: 'bench', max: 2, log })
  try {
    const { deps: site } = await makeVerifier(harness, db, { provers: 0 })
    const facts = await site.chain.metagraph(site.id.netuid)
    const deps: VerifierDeps = {
      ...site,
      profile: PRODUCTION_PROFILE,
      chain: chainWith(site.chain, { metagraph: async () => full(facts, count) }),
    }
    const first = await fillIntervals(client, site.id, {
      provers: count,
      answers,
      intervals: rounds + 1,
    })
    const costs: Omit<Cost, 'blockedMs'>[] = []
    for (let n = first; n < first + rounds; n += 1) {
      await client.query('SELECT pg_stat_statements_reset()')
      const wholeMs = await timed(() => run(createSettleInterval(deps), { n }))
      costs.push({ wholeMs, databaseMs: await databaseMs() })
    }
    await showSlowest(count)
    // Not one of those above: watching is database time too.
    const last = { n: first + rounds }
    const [{ rows }] = await Promise.all([
      client.query<{ ms: number }>('SELECT pg_temp.longest_wait($1, $2, $3) AS ms', [
        ...[site.id.netuid, site.id.verifier, last.n],
      ]),
      run(createSettleInterval(deps), last),
    ])
    return {
      blockedMs: rows[0]!.ms,
      wholeMs: median(costs.map((cost) => cost.wholeMs)),
      databaseMs: median(costs.map((cost) => cost.databaseMs)),
    }
  } finally {
    await db.close()
  }
}

/** The subnet with so many neurons, which nobody registered. */
function full(facts: Metagraph, count: number): Metagraph {
  const [own] = facts.neurons
  const others = Array.from({ length: count }, (_, uid) => ({
    ...own!,
    ...{ uid: uid + 1, hotkey: `prover-${uid}`, coldkey: `coldkey-${uid}`, registeredBlock: uid },
  }))
  return { ...facts, neurons: [own!, ...others] }
}

async function databaseMs(): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    `SELECT sum(total_exec_time + total_plan_time) AS ms FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'`,
  )
  return rows[0]!.ms
}

/** Of the last interval. */
async function showSlowest(count: number): Promise<void> {
  const { rows } = await client.query<{ query: string; ms: number; rows: string }>(
    `SELECT query, total_exec_time + total_plan_time AS ms, rows FROM pg_stat_statements
     WHERE query !~ 'pg_stat_statements' ORDER BY 2 DESC LIMIT ${slowest}`,
  )
  for (const { query, ms, rows: found } of rows) {
    const words = query.replace(/\s+/g, ' ').slice(0, 120)
    console.log(`  ${count} provers: ${ms.toFixed(1)} ms, ${found} rows: ${words}`)
  }
}
