import { concat, fromHex, type Hex, isDigestHex } from './bytes.js'
import { FormatError } from './error.js'
import { sha256Hex } from './sha256.js'

/** The parts that name a determinism class. */
export interface DeterminismParts {
  /** Name and version of our pipeline's arithmetic. */
  engine: string
  modelRoot: Hex
  ep: 'cuda' | 'cpu'
  /** The GPU's name with `-` for spaces; for a CPU `{arch}-{avx512|avx2|sse|neon}`. */
  device: string
  /** `fingerprintOf` the model's known answers, as this machine computes them. */
  fingerprint: Hex
}

/** The order in which a class names its parts. */
export const CLASS_PARTS = ['engine', 'model', 'ep', 'device', 'fingerprint'] as const

const VERSION = 'fc2'
const MAX_LENGTH = 1024
const CPU_DEVICE = /^[a-z0-9_]+-(avx512|avx2|sse|neon)$/
/** Values contain no spaces and no separators. */
const PART = /^([a-z]+)=([!-:<>-~]+)$/

/**
 * A class of machines whose output is bit-equal, named by its bits:
 * `fc2;engine=…;model=…;ep=…;device=…;fingerprint=…`.
 * @throws FormatError `bad_text` when a part has spaces, `;`, `=` or characters outside ASCII
 */
export function formatDeterminismClass(parts: DeterminismParts): string {
  const { engine, modelRoot, ep, device, fingerprint } = parts
  const text = `${VERSION};engine=${engine};model=${modelRoot};ep=${ep};device=${device};fingerprint=${fingerprint}`
  if (!isDeterminismClass(text)) {
    throw new FormatError('bad_text', `not a determinism class: ${text}`)
  }
  return text
}

/** The parts of a class; null for any other text, including classes of the first edition (`fc1`). */
export function parseDeterminismClass(text: string): DeterminismParts | null {
  if (text.length > MAX_LENGTH) return null
  const [version, ...pairs] = text.split(';')
  if (version !== VERSION || pairs.length !== CLASS_PARTS.length) return null
  const values: string[] = []
  for (const [i, pair] of pairs.entries()) {
    const [, name, value] = PART.exec(pair) ?? []
    if (name !== CLASS_PARTS[i] || value === undefined) return null
    values.push(value)
  }
  const [engine, modelRoot, ep, device, fingerprint] = values
  if (!isDigestHex(modelRoot!) || !isDigestHex(fingerprint!)) return null
  const common = {
    engine: engine!,
    modelRoot: modelRoot!,
    device: device!,
    fingerprint: fingerprint!,
  }
  if (ep === 'cuda') return { ...common, ep }
  return ep === 'cpu' && CPU_DEVICE.test(device!) ? { ...common, ep } : null
}

/** True for a well-formed class: the parts and their order, not whether such a machine exists. */
export function isDeterminismClass(text: string): boolean {
  return parseDeterminismClass(text) !== null
}

/** sha256 over the raw `frames_sha256` of a model's known answers, in their order. */
export function fingerprintOf(framesSha256: readonly Hex[]): Hex {
  return sha256Hex(concat(...framesSha256.map(fromHex)))
}

/** The first 12 hex digits of the class's sha256, for display. */
export function shortClass(determinismClass: string): Hex {
  return sha256Hex(determinismClass).slice(0, 12)
}
