import { randomUUID } from 'node:crypto'
import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import { FractalError, messageOf } from '../base/errors.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import { intervalWorkflowId } from './workflow-ids.js'

const DEADLINE_MS = 10_000

export interface ResetRequest {
  readonly n: number
  /** Shown in Temporal's history: who requested it. */
  readonly reason: string
  /** Whether to restart one that is still running. */
  readonly running: boolean
  /** Whether to rerun one that completed. */
  readonly completed: boolean
}

export interface ResetRun {
  readonly workflowId: string
  readonly runId: string
}

/**
 * Runs an interval's workflow again from its first task. Recorded plan, answers, verdicts and weights are
 * kept and reused, so nothing is asked, counted or sent twice.
 * @throws FractalError `no_workflow`, `still_running`, `nothing_to_reset`, `temporal_unreachable`
 */
export async function resetInterval(
  client: Client,
  { netuid, verifier }: VerifierId,
  request: ResetRequest,
): Promise<ResetRun> {
  const workflowId = intervalWorkflowId(netuid, verifier, request.n)
  try {
    const runId = await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      reset(client, workflowId, request),
    )
    return { workflowId, runId }
  } catch (error) {
    if (error instanceof FractalError) throw error
    if (error instanceof WorkflowNotFoundError) {
      throw new FractalError('no_workflow', `Temporal has no workflow of interval ${request.n}.`, {
        hint: '`fractal interval list` shows which intervals there are; Temporal deletes old ones.',
        cause: error,
      })
    }
    throw new FractalError(
      'temporal_unreachable',
      `Temporal rejected the reset: ${causeOf(error)}`,
      {
        cause: error,
      },
    )
  }
}

/** The client wraps gRPC's message in a generic one. */
function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}

async function reset(client: Client, workflowId: string, request: ResetRequest): Promise<string> {
  const { n } = request
  const handle = client.workflow.getHandle(workflowId)
  const { status, runId } = await handle.describe()
  if (status.name === 'RUNNING' && !request.running) {
    throw new FractalError('still_running', `Interval ${n} is still running.`)
  }
  if (status.name === 'COMPLETED' && !request.completed) {
    throw new FractalError('nothing_to_reset', `The workflow of interval ${n} did not fail.`)
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
    reason: request.reason,
    workflowTaskFinishEventId: first.eventId,
    requestId: randomUUID(),
  })
  return answer.runId
}
