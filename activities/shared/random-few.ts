/** How many others are asked before anybody is blamed: one that answers is enough. */
const WITNESSES = 6

/** A random few of those that can testify: whoever is asked can't choose who else is. */
export function randomFew<T>(others: readonly T[]): T[] {
  return others
    .map((one) => ({ one, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, WITNESSES)
    .map(({ one }) => one)
}
