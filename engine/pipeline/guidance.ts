const f = Math.fround

/**
 * Classifier-free guidance (Ho and Salimans 2022), in float32 as torch computes it.
 * @param without the denoiser's prediction for the negative prompt
 * @param withPrompt its prediction for the prompt
 * @param guidance the factor itself: 3 is guidance 3
 */
export function guide(
  without: Float32Array,
  withPrompt: Float32Array,
  guidance: number,
): Float32Array {
  const scale = f(guidance)
  const guided = new Float32Array(without.length)
  for (let i = 0; i < guided.length; i++) {
    const base = without[i]!
    guided[i] = f(base + f(scale * f(withPrompt[i]! - base)))
  }
  return guided
}
