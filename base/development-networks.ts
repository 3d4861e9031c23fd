/**
 * Chains of one machine, on which nothing is worth anything: the scaled-down profiles are for them. So
 * nothing beyond this machine may be reached by these names.
 */
const DEVELOPMENT = new Set(['local', 'devnet'])

export function isDevelopmentNetwork(network: string): boolean {
  return DEVELOPMENT.has(network)
}
