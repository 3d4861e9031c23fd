import { FractalError } from '../../base/errors.js'
import { TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import type { Database } from '../../ledger/database.js'
import { FINAL_PHASES, type IntervalRow, intervalByN } from '../../ledger/intervals/intervals.js'
import { unfinishedIntervals } from '../../ledger/intervals/unfinished.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { missedText } from '../../rules/explain/missed-causes.js'
import { temporalAddress } from '../../temporal/address.js'
import { openTemporalClient } from '../../temporal/client.js'
import { resetInterval } from '../../temporal/reset-interval.js'
import { unreachableHint } from '../../temporal/unreachable-hint.js'
import { printJson, printLine } from '../output.js'
import { environmentBesideDemo, withLedger } from './access.js'

export interface RetryRequest {
  readonly n: number
  /** Also when the workflow is still running, or nothing is left for it to do. */
  readonly force: boolean
  readonly json: boolean
}

/** What to do after an error. */
function hintOf({ code, message, hint }: FractalError, withTls: boolean): string | undefined {
  switch (code) {
    case 'still_running':
      return 'Wait until it ends, or use --force to restart it anyway.'
    case 'temporal_unreachable':
      return unreachableHint(message, withTls)
    default:
      return hint
  }
}

/** A final interval, its record signed, of whose weights nothing is left to do either. */
async function isDone(db: Database, id: VerifierId, interval: IntervalRow): Promise<boolean> {
  if (!FINAL_PHASES.includes(interval.phase)) return false
  const unfinished = await unfinishedIntervals(db, id)
  return !unfinished.some(({ n }) => n === interval.n)
}

/**
 * Runs an interval's workflow again from its first task, if the ledger lacks something of it: one that ended well too,
 * since a restored ledger may know less than Temporal.
 * @throws FractalError `interval_missed`, `nothing_to_retry`, and as `resetInterval`
 */
export async function retryInterval(
  given: Readonly<Record<string, unknown>>,
  { n, force, json }: RetryRequest,
): Promise<void> {
  const { id, interval, done } = await withLedger(given, async (db, found) => {
    const row = await intervalByN(db, found, n)
    return { id: found, interval: row, done: row !== null && (await isDone(db, found, row)) }
  })
  if (interval?.phase === 'missed') {
    throw new FractalError(
      'interval_missed',
      `Interval ${n} was missed (${missedText(interval.missedBecause)}): there is nothing to run again.`,
      { hint: 'No score, tier or weight changed by it, and nothing has to be repaired.' },
    )
  }
  if (done && !force) {
    throw new FractalError(
      'nothing_to_retry',
      `Interval ${n} is ${interval?.phase}, and nothing is left to do: its record is signed, and no weights of it are still to be set.`,
      {
        hint: `\`fractal interval show ${n}\` says what it found. --force restarts its workflow anyway: nothing is counted or sent twice.`,
      },
    )
  }
  const options = resolveOptions(TEMPORAL_OPTIONS, given, environmentBesideDemo(given))
  const address = temporalAddress(options)
  const client = openTemporalClient(address)
  try {
    const { workflowId, runId } = await resetInterval(client, id, {
      n,
      reason: 'fractal interval retry',
      running: force,
      completed: true,
    })
    if (json) printJson({ n, workflowId, runId })
    else printLine(`interval ${n} was restarted (run ${runId})`)
  } catch (error) {
    if (!(error instanceof FractalError)) throw error
    const hint = hintOf(error, address.tls !== undefined)
    throw new FractalError(error.code, error.message, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    })
  } finally {
    await client.connection.close()
  }
}
