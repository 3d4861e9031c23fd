const EPOCHS = 120
const RATE = 0.3
/** Of the weights' squares, so that a word that was seen twice does not decide. */
const PENALTY = 0.02

/**
 * Plain logistic regression, by gradient descent over all rows.
 * @returns the score of a row: the greater, the more it looks like a `true` one
 */
export function learnLogistic(
  rows: readonly Float64Array[],
  labels: readonly boolean[],
): (row: Float64Array) => number {
  const width = rows[0]!.length
  const weights = new Float64Array(width)
  let bias = 0
  const score = (row: Float64Array) => {
    let sum = bias
    for (let j = 0; j < width; j += 1) sum += weights[j]! * row[j]!
    return sum
  }
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const gradient = new Float64Array(width)
    let lean = 0
    rows.forEach((row, i) => {
      const error = 1 / (1 + Math.exp(-score(row))) - (labels[i] ? 1 : 0)
      lean += error
      for (let j = 0; j < width; j += 1) gradient[j]! += error * row[j]!
    })
    bias -= (RATE * lean) / rows.length
    for (let j = 0; j < width; j += 1) {
      weights[j]! -= RATE * (gradient[j]! / rows.length + PENALTY * weights[j]!)
    }
  }
  return score
}
