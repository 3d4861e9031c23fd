import type { Client } from '@temporalio/client'
import type { VerifierId } from '../ledger/verifier-id.js'
import { intervalLoopId, intervalWorkflowId } from './workflow-ids.js'

interface Deps {
  readonly temporal: Client
  /** Base URL of Temporal's web UI; null: not configured. */
  readonly temporalUi: string | null
  readonly verifierId: VerifierId
}

function workflowLink({ temporal, temporalUi }: Deps, workflowId: string): string | null {
  if (temporalUi === null) return null
  const { namespace } = temporal.options
  return `${temporalUi.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`
}

/** URL of an interval's workflow in Temporal's UI; null if no UI is configured. */
export function intervalLink(deps: Deps, n: number): string | null {
  const { netuid, verifier } = deps.verifierId
  return workflowLink(deps, intervalWorkflowId(netuid, verifier, n))
}

/** URL of the interval loop in Temporal's UI. */
export function loopLink(deps: Deps): string | null {
  const { netuid, verifier } = deps.verifierId
  return workflowLink(deps, intervalLoopId(netuid, verifier))
}
