import type { Tx } from '../../ledger/database.js'
import { intervalRequests } from '../../ledger/intervals/interval-requests.js'
import { lapseInterval } from '../../ledger/intervals/intervals.js'
import { putRecord } from '../../ledger/intervals/records.js'
import { checkRows } from '../../ledger/intervals/settlement.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { buildRecord } from './build-record.js'

/**
 * Gives up an interval that was not settled in time: it changes no score, tier or weight, but leaves a
 * record, including its secret and verdicts, so that nobody can hide an interval by letting it lapse.
 */
export async function lapse(tx: Tx, deps: VerifierDeps, n: number): Promise<void> {
  if ((await lapseInterval(tx, deps.id, n)) !== 'lapsed') return
  const requests = await intervalRequests(tx, deps.id, n)
  const checks = await checkRows(tx, deps.id, n, requests)
  const record = await buildRecord(tx, deps, { n, requests, checks, settled: null })
  await putRecord(tx, deps.id, n, record)
}
