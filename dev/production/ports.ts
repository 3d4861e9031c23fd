import { TEMPORAL_PORTS } from './temporal.js'

/** Every port that the shape needs, all on 127.0.0.1. */
export interface ShapePorts {
  readonly postgres: number
  readonly chain: number
  readonly temporal: number
  /** Of the nth process of a role, from 1. */
  readonly api: (nth: number) => number
  readonly inference: (nth: number) => number
  readonly prover: (nth: number) => number
  /** Of `/readyz`, by the place of the role in the list of those that have a health listener. */
  readonly health: (place: number) => number
}

export function shapePorts(base: number): ShapePorts {
  const from = (first: number) => (nth: number) => base + first + nth
  const behind = 2 + TEMPORAL_PORTS
  return {
    postgres: base,
    chain: base + 1,
    temporal: base + 2,
    api: from(behind),
    inference: from(behind + 10),
    prover: from(behind + 20),
    health: from(behind + 30),
  }
}
