import { randomUUID } from 'node:crypto'
import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import { FractalError, messageOf } from '../base/errors.js'
import { resolveOptions } from '../base/options.js'
import { intervalWorkflowId } from '../base/temporal-names.js'
import { openTemporalClient } from '../workers/temporal-client.js'
import { environmentBesideDemo, withLedger } from './ledger-access.js'
import { printJson, printLine } from './output.js'

const DEADLINE_MS = 10_000

export interface RetryRequest {
  readonly n: number
  /** Also when the workflow is still running. */
  readonly force: boolean
  readonly json: boolean
}

/**
 * Runs an interval's workflow again from its first task. What is recorded stands: plan, answers,
 * verdicts and weights are found where they are, so nothing is counted or sent twice.
 * @throws FractalError `no_workflow`, `still_running`, `temporal_unreachable`, `nothing_to_reset`
 */
export async function retryInterval(
  given: Readonly<Record<string, unknown>>,
  request: RetryRequest,
): Promise<void> {
  const { netuid, verifier } = await withLedger(given, async (_db, id) => id)
  const options = resolveOptions(
    ['temporal.address', 'temporal.namespace'],
    given,
    environmentBesideDemo(given),
  )
  const client = openTemporalClient(options['temporal.address'], options['temporal.namespace'])
  const workflowId = intervalWorkflowId(netuid, verifier, request.n)
  try {
    const runId = await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      resetToStart(client, workflowId, request),
    )
    if (request.json) printJson({ n: request.n, workflowId, runId })
    else printLine(`interval ${request.n} runs again from its start (run ${runId})`)
  } catch (error) {
    if (error instanceof FractalError) throw error
    if (error instanceof WorkflowNotFoundError) {
      throw new FractalError('no_workflow', `Temporal has no workflow of interval ${request.n}.`, {
        hint: '`fractal interval list` shows which intervals there are; Temporal forgets old ones.',
        cause: error,
      })
    }
    throw new FractalError(
      'temporal_unreachable',
      `Temporal at ${options['temporal.address']} did not do it: ${causeOf(error)}`,
      { hint: 'Give its address with --temporal.address.', cause: error },
    )
  } finally {
    await client.connection.close()
  }
}

/** The client wraps what gRPC said in a sentence that says nothing. */
function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}

async function resetToStart(
  client: Client,
  workflowId: string,
  { n, force }: RetryRequest,
): Promise<string> {
  const handle = client.workflow.getHandle(workflowId)
  const { status, runId } = await handle.describe()
  if (status.name === 'RUNNING' && !force) {
    throw new FractalError('still_running', `Interval ${n} is still running.`, {
      hint: 'Wait for its end; --force runs it again from its start all the same.',
    })
  }
  const { events } = await handle.fetchHistory()
  const first = events?.find((event) => event.workflowTaskCompletedEventAttributes != null)
  if (first?.eventId == null) {
    throw new FractalError('nothing_to_reset', `Interval ${n} has not begun: no worker took it.`, {
      hint: 'Start the verifier.',
    })
  }
  const answer = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'fractal interval retry',
    workflowTaskFinishEventId: first.eventId,
    requestId: randomUUID(),
  })
  return answer.runId
}
