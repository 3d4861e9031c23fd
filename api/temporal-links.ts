import { intervalLoopId, intervalWorkflowId } from '../base/temporal-names.js'
import type { ApiDeps } from './deps.js'

type Deps = Pick<ApiDeps, 'temporal' | 'temporalUi' | 'verifierId'>

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
