import { FractalError } from '../../base/errors.js'
import { TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { intervalByN } from '../../ledger/intervals/intervals.js'
import { missedText } from '../../rules/explain/missed-causes.js'
import { temporalAddress } from '../../temporal/address.js'
import { openTemporalClient } from '../../temporal/client.js'
import { resetInterval } from '../../temporal/reset-interval.js'
import { unreachableHint } from '../../temporal/unreachable-hint.js'
import { printJson, printLine } from '../output.js'
import { environmentBesideDemo, withLedger } from './access.js'

export interface RetryRequest {
  readonly n: number
  /** Also when the workflow is still running. */
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

/**
 * Runs an interval's workflow again from its first task, one that ended well too.
 * @throws FractalError `interval_missed`, and as `resetInterval`
 */
export async function retryInterval(
  given: Readonly<Record<string, unknown>>,
  { n, force, json }: RetryRequest,
): Promise<void> {
  const { id, interval } = await withLedger(given, async (db, found) => ({
    id: found,
    interval: await intervalByN(db, found, n),
  }))
  if (interval?.phase === 'missed') {
    throw new FractalError(
      'interval_missed',
      `Interval ${n} was missed (${missedText(interval.missedBecause)}): there is nothing to run again.`,
      { hint: 'No score, tier or weight changed by it, and nothing has to be repaired.' },
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
