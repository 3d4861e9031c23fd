import { isLoopback } from '../../base/net/loopback.js'
import { isDevelopmentNetwork } from '../../base/network-name.js'

/** Where an auditor finds the chain that the records are of. */
export interface ShownChain {
  readonly network: string
  /** Of a development chain on this machine; null: the network's own. */
  readonly endpoint: string | null
}

/**
 * What everybody may know of the chain's whereabouts: the network's name, and where a development chain listens on this
 * machine. Other endpoints are the operator's own, and may have a key in them.
 * @returns null where an auditor's own defaults are as good
 */
export function shownChain(network: string, endpoint: string | undefined): ShownChain | null {
  const isShown = endpoint !== undefined && isDevelopmentNetwork(network) && isNear(endpoint)
  if (isShown) return { network, endpoint }
  return network === 'local' ? null : { network, endpoint: null }
}

function isNear(endpoint: string): boolean {
  return URL.canParse(endpoint) && isLoopback(new URL(endpoint).hostname)
}
