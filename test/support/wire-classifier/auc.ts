/** The chance that a `true` row scores above a `false` one (a draw is half): 0.5 where the scores say nothing. */
export function auc(scores: readonly number[], labels: readonly boolean[]): number {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let ranks = 0
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to += 1
    // From 1; equals share their ranks.
    const rank = (from + 1 + to) / 2
    for (let k = from; k < to; k += 1) if (labels[order[k]!]) ranks += rank
    from = to
  }
  const positives = labels.filter(Boolean).length
  const negatives = labels.length - positives
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** One standard deviation of the AUC of scores that say nothing. */
export function aucDeviation(labels: readonly boolean[]): number {
  const positives = labels.filter(Boolean).length
  const negatives = labels.length - positives
  return Math.sqrt((positives + negatives + 1) / (12 * positives * negatives))
}
