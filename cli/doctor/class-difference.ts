import { CLASS_PARTS, parseDeterminismClass } from '../../formats/determinism-class.js'

type ClassPart = (typeof CLASS_PARTS)[number]

export interface ClassDifference {
  /** The first part that differs; what comes after it in a class follows from it. */
  readonly part: ClassPart
  /** In one sentence. */
  readonly text: string
}

const NAMES: Readonly<Record<ClassPart, string>> = {
  engine: 'the engine',
  model: 'the model',
  ep: 'the kind of device',
  device: 'the device',
  fingerprint: 'only the fingerprint',
}

/**
 * Which parts of a class differ from the nearest of those that a verifier judges; null when it is one of them. A
 * fingerprint is told only where all else is equal: of another model or device it is another one anyway.
 * @param published at least one
 */
export function classDifference(own: string, published: readonly string[]): ClassDifference | null {
  if (published.includes(own)) return null
  const ours = partsOf(own)
  const differences = published.map((each) => {
    const theirs = partsOf(each)
    return CLASS_PARTS.flatMap((part) =>
      ours[part] === theirs[part] ? [] : [{ part, ours: ours[part], theirs: theirs[part] }],
    )
  })
  const nearest = differences.reduce((best, each) => (each.length < best.length ? each : best))
  const [first] = nearest
  const told = nearest.filter(({ part }) => part !== 'fingerprint' || nearest.length === 1)
  const text = told
    .map(
      ({ part, ours: here, theirs: there }) =>
        `${NAMES[part]} differs: ${short(here)} here, ${short(there)} at the verifier`,
    )
    .join('; ')
  return { part: first!.part, text: `${text[0]!.toUpperCase()}${text.slice(1)}.` }
}

function partsOf(determinismClass: string): Readonly<Record<ClassPart, string>> {
  const parts = parseDeterminismClass(determinismClass)
  const unread = 'another format'
  return {
    engine: parts?.engine ?? unread,
    model: parts?.modelRoot ?? unread,
    ep: parts?.ep ?? unread,
    device: parts?.device ?? unread,
    fingerprint: parts?.fingerprint ?? unread,
  }
}

/** Digests by their beginning. */
function short(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : value
}
