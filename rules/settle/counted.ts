/** What decides whether a user's request counts. */
export interface CountedShape {
  steps: number
  frames: number
  width: number
  height: number
}

/**
 * A user's request counts (success, totals, latency, reward) when the gateway drew its seed and it
 * has at least the class's standard steps, frames and pixels: otherwise a prover's friend could buy
 * tiers with one cached request.
 */
export function requestCounts(
  request: CountedShape,
  standard: CountedShape,
  seedDrawnByGateway: boolean,
): boolean {
  return (
    seedDrawnByGateway &&
    request.steps >= standard.steps &&
    request.frames >= standard.frames &&
    request.width * request.height >= standard.width * standard.height
  )
}
