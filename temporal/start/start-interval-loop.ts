import { setTimeout as sleep } from 'node:timers/promises'
import { isGrpcServiceError, ServiceError } from '@temporalio/client'
import { FractalError } from '../../base/errors.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { intervalLoop } from '../../workflows/interval-loop.js'
import type { TemporalLink } from '../connection.js'
import { netuidKey } from '../search-attributes.js'
import { VERIFIER_QUEUE } from '../task-queues.js'
import { intervalLoopId } from '../workflow-ids.js'

const INVALID_ARGUMENT = 3
/** A server that keeps a namespace in its cache learns of new search attributes within seconds. */
const LEARNED_WITHIN_MS = 60_000
const PAUSE_MS = 500

/**
 * A namespace can have only one hotkey's loop: another's would share its queue, and its intervals would be
 * judged with the wrong key.
 * @throws FractalError `namespace_in_use`
 */
export async function assertNamespaceIsOurs(temporal: TemporalLink, id: VerifierId): Promise<void> {
  const workflowId = intervalLoopId(id.netuid, id.verifier)
  const query = "WorkflowType = 'intervalLoop' AND ExecutionStatus = 'Running'"
  for await (const other of temporal.client.workflow.list({ query })) {
    if (other.workflowId === workflowId) continue
    throw new FractalError(
      'namespace_in_use',
      `the Temporal namespace ${temporal.namespace} holds another verifier's loop, ${other.workflowId}`,
      { hint: 'Give each subnet and hotkey a namespace of its own: --temporal.namespace.' },
    )
  }
}

/**
 * Starts the loop that opens intervals, unless one is running. Its search attributes may have been registered just now: as
 * long as the server does not know them yet, it is asked again.
 */
export async function startIntervalLoop(temporal: TemporalLink, id: VerifierId): Promise<void> {
  const until = performance.now() + LEARNED_WITHIN_MS
  for (;;) {
    try {
      return await start(temporal, id)
    } catch (error) {
      if (!isUnknownAttribute(error) || performance.now() > until) throw error
    }
    await sleep(PAUSE_MS)
  }
}

async function start(temporal: TemporalLink, id: VerifierId): Promise<void> {
  await temporal.client.workflow.start<typeof intervalLoop>('intervalLoop', {
    workflowId: intervalLoopId(id.netuid, id.verifier),
    taskQueue: VERIFIER_QUEUE,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `subnet ${id.netuid}: starts one interval after another`,
    typedSearchAttributes: [{ key: netuidKey, value: id.netuid }],
    args: [{ netuid: id.netuid, verifier: id.verifier, after: 0 }],
  })
}

function isUnknownAttribute(error: unknown): boolean {
  if (!(error instanceof ServiceError)) return false
  const { cause } = error
  return (
    isGrpcServiceError(cause) &&
    cause.code === INVALID_ARGUMENT &&
    /search attribute/i.test(cause.details)
  )
}
