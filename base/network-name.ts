/** Subtensor's runtime on this machine (`fractal devnet`); only loopback addresses are reached by this name. */
export const DEVNET = 'devnet'

/** Whether scaled-down numbers may be used there: nothing on it is worth anything. */
export function isDevelopmentNetwork(name: string): boolean {
  return name === 'local' || name === DEVNET
}
