const MOST_NAMED = 3

/** Typing errors between two words (Damerau–Levenshtein): a letter added, missing or wrong, two swapped. */
function slips(a: string, b: string): number {
  const table = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1
      row.push(Math.min(table[i - 1]![j - 1]! + other, table[i - 1]![j]! + 1, row[j - 1]! + 1))
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwapped) row[j] = Math.min(row[j]!, table[i - 2]![j - 2]! + 1)
    }
    table.push(row)
  }
  return table[a.length]![b.length]!
}

/** As people confuse them: `wallet_name`, `wallet-name`, `wallet.name`. */
const plain = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, '.')

/** The names that were probably meant, the likeliest first: within some typing errors, also by their last part alone (`hotkey`). */
export function closestNames(name: string, names: readonly string[]): string[] {
  const given = plain(name)
  const most = Math.max(1, Math.floor(given.length / 3))
  const ranked = names.flatMap((one) => {
    const lastPart = plain(one).split('.').at(-1)!
    const away = Math.min(slips(given, plain(one)), slips(given, lastPart))
    return away <= most ? [{ one, away }] : []
  })
  const least = Math.min(...ranked.map(({ away }) => away))
  return ranked
    .filter(({ away }) => away === least)
    .slice(0, MOST_NAMED)
    .map(({ one }) => one)
}
