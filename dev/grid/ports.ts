import { freePort } from '../process/ports.js'

/** Every port that a grid on one machine needs. */
export interface GridPorts {
  readonly api: number
  readonly postgres: number
  readonly temporal: { grpc: number; http: number; metrics: number; ui: number }
  readonly localnet: number
  /** Where the inference worker listens for the API. */
  readonly inference: number
  /** The first prover's. */
  readonly provers: number[]
}

/** Fixed ports from `base` on, so that addresses are the same at each start. */
export function fixedPorts(base: number, provers: number): GridPorts {
  return {
    api: base,
    postgres: base + 1,
    temporal: { grpc: base + 2, http: base + 3, metrics: base + 4, ui: base + 5 },
    localnet: base + 6,
    inference: base + 7,
    provers: Array.from({ length: provers }, (_, i) => base + 11 + i),
  }
}

/** Ports that are free now; for tests. The stores choose theirs as they start (0), others if somebody is faster. */
export async function freePorts(provers: number): Promise<GridPorts> {
  const taken = new Set<number>()
  const next = async (): Promise<number> => {
    for (;;) {
      const port = await freePort()
      if (taken.has(port)) continue
      taken.add(port)
      return port
    }
  }
  return {
    api: await next(),
    postgres: 0,
    temporal: { grpc: 0, http: 0, metrics: 0, ui: 0 },
    localnet: await next(),
    inference: await next(),
    provers: await Promise.all(Array.from({ length: provers }, next)),
  }
}
