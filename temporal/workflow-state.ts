import { type Client, WorkflowNotFoundError } from '@temporalio/client'

/** The state of a workflow that should be running. */
export type WorkflowState =
  | { readonly kind: 'running' }
  /** It exists, but makes no progress until somebody acts. */
  | { readonly kind: 'blocked'; readonly why: string }
  /** Its newest run has ended; `how`: completed, failed, cancelled, terminated, timed_out. */
  | { readonly kind: 'ended'; readonly how: string }
  /** Temporal does not know it: it was deleted, or Temporal lost its data. */
  | { readonly kind: 'missing' }

const DEADLINE_MS = 2_000
/** A killed worker costs one or two attempts of a task; more mean that the workflow itself fails. */
const FAILING_ATTEMPTS = 5

/** @throws while Temporal does not answer */
export async function workflowState(client: Client, workflowId: string): Promise<WorkflowState> {
  try {
    const { status, raw } = await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow.getHandle(workflowId).describe(),
    )
    if (status.name === 'PAUSED') return { kind: 'blocked', why: 'it is paused' }
    if (status.name !== 'RUNNING') return { kind: 'ended', how: status.name.toLowerCase() }
    const paused = raw.pendingActivities?.find((activity) => activity.paused)
    if (paused !== undefined) {
      return { kind: 'blocked', why: `its activity ${paused.activityType?.name} is paused` }
    }
    const attempt = raw.pendingWorkflowTask?.attempt ?? 0
    return attempt < FAILING_ATTEMPTS
      ? { kind: 'running' }
      : { kind: 'blocked', why: `its task fails (attempt ${attempt})` }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'missing' }
    throw error
  }
}
