import { type DrawSource, drawInteger } from '../../formats/draws.js'

/** `count` blocks of first … last, sorted, different as long as there are enough. */
export function drawMoments(
  source: DrawSource,
  label: (i: number) => string,
  range: { first: number; last: number },
  count: number,
): number[] {
  const span = Math.max(1, range.last - range.first + 1)
  const drawn: number[] = []
  for (let i = 0; i < count; i++) {
    const taken = drawn.slice(Math.floor(i / span) * span)
    let block = range.first + drawInteger(source, label(i), span - taken.length)
    for (const other of [...taken].sort((a, b) => a - b)) if (other <= block) block++
    drawn.push(block)
  }
  return drawn.sort((a, b) => a - b)
}
