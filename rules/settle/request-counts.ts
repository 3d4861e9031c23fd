import type { WorkShape } from '../../formats/video-shape.js'

/**
 * A user's request counts (success, totals, latency, reward) when the gateway drew its seed and it
 * has at least the class's standard steps, frames and pixels: otherwise a prover's friend could buy
 * tiers with one cached request.
 */
export function requestCounts(
  request: WorkShape,
  standard: WorkShape,
  seedDrawnByGateway: boolean,
): boolean {
  return (
    seedDrawnByGateway &&
    request.steps >= standard.steps &&
    request.frames >= standard.frames &&
    request.width * request.height >= standard.width * standard.height
  )
}
