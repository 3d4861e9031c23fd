import { Client, Connection } from '@temporalio/client'
import type { Queryable } from '../../ledger/database.js'
import { videoWorkflowId } from '../../temporal/workflow-ids.js'

/** Transactions of PostgreSQL that wrote something, for each of `times` runs: sweeps of its workers included. */
export async function writesOf(
  db: Queryable,
  times: number,
  run: () => Promise<unknown>,
): Promise<number> {
  const before = await nextTransaction(db)
  for (let i = 0; i < times; i++) await run()
  return ((await nextTransaction(db)) - before) / times
}

async function nextTransaction(db: Queryable): Promise<number> {
  const [row] = await db.query<{ next: string }>(
    'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next',
  )
  return Number(row!.next)
}

/** Events in the history of a job's workflow, which has ended. */
export async function eventsOf(address: string, jobId: string): Promise<number> {
  const connection = await Connection.connect({ address })
  try {
    const client = new Client({ connection })
    const handle = client.workflow.getHandle(videoWorkflowId(jobId))
    await handle.result()
    return (await handle.fetchHistory()).events?.length ?? 0
  } finally {
    await connection.close()
  }
}
