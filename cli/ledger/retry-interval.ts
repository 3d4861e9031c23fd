import { FractalError } from '../../base/errors.js'
import { TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { temporalAddress } from '../../temporal/address.js'
import { openTemporalClient } from '../../temporal/client.js'
import { resetInterval } from '../../temporal/reset-interval.js'
import { printJson, printLine } from '../output.js'
import { environmentBesideDemo, withLedger } from './access.js'

export interface RetryRequest {
  readonly n: number
  /** Also when the workflow is still running. */
  readonly force: boolean
  readonly json: boolean
}

/** What to type after each error. */
const HINTS: Readonly<Record<string, string>> = {
  still_running: 'Wait for its end; --force runs it again from its start all the same.',
  temporal_unreachable: 'Give its address with --temporal.address.',
}

/**
 * Runs an interval's workflow again from its first task, one that ended well too.
 * @throws FractalError as `resetInterval`
 */
export async function retryInterval(
  given: Readonly<Record<string, unknown>>,
  { n, force, json }: RetryRequest,
): Promise<void> {
  const id = await withLedger(given, async (_db, found) => found)
  const options = resolveOptions(TEMPORAL_OPTIONS, given, environmentBesideDemo(given))
  const client = openTemporalClient(temporalAddress(options))
  try {
    const { workflowId, runId } = await resetInterval(client, id, {
      n,
      reason: 'fractal interval retry',
      running: force,
      completed: true,
    })
    if (json) printJson({ n, workflowId, runId })
    else printLine(`interval ${n} runs again from its start (run ${runId})`)
  } catch (error) {
    if (!(error instanceof FractalError)) throw error
    const hint = HINTS[error.code] ?? error.hint
    throw new FractalError(error.code, error.message, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    })
  } finally {
    await client.connection.close()
  }
}
