/**
 * Subtensor's runtime on this machine (`fractal devnet`); this name is only allowed with loopback addresses, and with
 * names without dots, as containers have.
 */
export const DEVNET = 'devnet'

/** Whether scaled-down settings may be used there: nothing on it has any value. */
export function isDevelopmentNetwork(name: string): boolean {
  return name === 'local' || name === DEVNET
}
