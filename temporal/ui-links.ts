import type { Client } from '@temporalio/client'
import type { VerifierId } from '../ledger/verifier-id.js'
import { intervalLoopId, intervalWorkflowId } from './workflow-ids.js'

interface Deps {
  readonly temporal: Client
  /** Base URL of Temporal's web UI; null: none is named. */
  readonly temporalUi: string | null
  readonly verifierId: VerifierId
}

function workflowLink({ temporal, temporalUi }: Deps, workflowId: string): string | null {
  if (temporalUi === null) return null
  const { namespace } = temporal.options
  return `${temporalUi.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`
}

/** Where Temporal's UI shows an interval's workflow; null when no UI is named. */
export function intervalLink(deps: Deps, n: number): string | null {
  const { netuid, verifier } = deps.verifierId
  return workflowLink(deps, intervalWorkflowId(netuid, verifier, n))
}

/** Where Temporal's UI shows the loop that starts the intervals. */
export function loopLink(deps: Deps): string | null {
  const { netuid, verifier } = deps.verifierId
  return workflowLink(deps, intervalLoopId(netuid, verifier))
}
