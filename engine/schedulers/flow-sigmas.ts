/** Shifts noise levels towards the noisy end (Esser et al. 2024, arXiv 2403.03206), in double precision. */
export function shiftSigma(sigma: number, shift: number): number {
  return (shift * sigma) / (1 + (shift - 1) * sigma)
}
