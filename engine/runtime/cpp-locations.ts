/** Matched only at the beginning of words: names in a network can be long, and look like paths. */
const PLACE = /(?<!\S)[\w.:/\\+-]+\.(?:cc|cpp|cu|cuh|h|hpp):\d+\s/g
/** From the beginning of a signature to its parameters, which follow the name without a space. */
const HEAD = /^[^().;]*?[\w>:]\(/
/** What may follow the parameters; the last is gcc's list of template arguments. */
const TAIL = /^(?: const| noexcept| &&?)*(?: \[with [^\]]*\])?/

/**
 * Removes C++ source locations (`…/file.cc:12 type ns::function(parameters) [with T = int]`) from a message;
 * each can be longer than the message itself.
 */
export function stripCppLocations(message: string): string {
  let kept = ''
  let at = 0
  for (const { index, 0: place } of message.matchAll(PLACE)) {
    kept += message.slice(at, index)
    at = Math.max(at, endOfSignature(message, index + place.length))
  }
  return kept + message.slice(at)
}

/** The end of the signature that begins here; `from` if there is none. */
function endOfSignature(text: string, from: number): number {
  if (!HEAD.test(text.slice(from))) return from
  let depth = 0
  for (let i = from; i < text.length; i++) {
    if ('([<{'.includes(text[i]!)) depth += 1
    if (!')]>}'.includes(text[i]!)) continue
    depth -= 1
    // `(anonymous namespace)::f(int)` and `operator()(int)` continue after the parenthesis.
    const isEnd = depth === 0 && text[i] === ')' && !/^[(:]/.test(text.slice(i + 1))
    if (isEnd) return i + 1 + TAIL.exec(text.slice(i + 1))![0].length
  }
  return from
}
