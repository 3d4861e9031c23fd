import { type Hex, isDigestHex } from './bytes.js'
import { FormatError } from './error.js'
import { sha256Hex } from './sha256.js'

interface CommonParts {
  /** Name and version of our pipeline's arithmetic. */
  engine: string
  modelRoot: Hex
  /** Version of onnxruntime. */
  ort: string
  /** For example fp32. */
  precision: string
  /** sha256 of the canonical session options. */
  session: Hex
}

export type DeterminismParts = CommonParts &
  (
    | { ep: 'cuda'; gpu: string; driver: string; cuda: string; cudnn: string; tf32: 'on' | 'off' }
    | { ep: 'cpu'; os: string; arch: string; isa: 'avx512' | 'avx2' | 'sse' | 'neon' }
  )

const COMMON = ['engine', 'model', 'ort', 'ep', 'precision', 'session']
const ENDINGS = [
  ['gpu', 'driver', 'cuda', 'cudnn', 'tf32'],
  ['os', 'arch', 'isa'],
]

/**
 * All that must be equal for bit-equal output, as one string: `fc1;engine=…;model=…;…`.
 * @throws FormatError `bad_text` when a part has spaces, `;`, `=` or characters outside ASCII
 */
export function formatDeterminismClass(parts: DeterminismParts): string {
  const pairs: [string, string][] = [
    ['engine', parts.engine],
    ['model', parts.modelRoot],
    ['ort', parts.ort],
    ['ep', parts.ep],
    ['precision', parts.precision],
    ['session', parts.session],
    ...(parts.ep === 'cuda'
      ? ([
          ['gpu', parts.gpu],
          ['driver', parts.driver],
          ['cuda', parts.cuda],
          ['cudnn', parts.cudnn],
          ['tf32', parts.tf32],
        ] satisfies [string, string][])
      : ([
          ['os', parts.os],
          ['arch', parts.arch],
          ['isa', parts.isa],
        ] satisfies [string, string][])),
  ]
  const text = ['fc1', ...pairs.map(([key, value]) => `${key}=${value}`)].join(';')
  if (!isDeterminismClass(text)) {
    throw new FormatError('bad_text', `not a determinism class: ${text}`)
  }
  return text
}

/** True for a well-formed class: the parts and their order, not whether such a machine exists. */
export function isDeterminismClass(text: string): boolean {
  if (text.length > 1024) return false
  const [version, ...parts] = text.split(';')
  const pairs = parts.map((part) => part.split('='))
  if (version !== 'fc1' || !pairs.every((p) => p.length === 2 && /^[!-~]+$/.test(p[1]!))) {
    return false
  }
  const values = new Map(pairs.map(([key, value]) => [key!, value!]))
  const keys = pairs.map(([key]) => key).join()
  return (
    ENDINGS.some((ending, i) => {
      const ep = i === 0 ? 'cuda' : 'cpu'
      return keys === [...COMMON, ...ending].join() && values.get('ep') === ep
    }) &&
    isDigestHex(values.get('model')!) &&
    isDigestHex(values.get('session')!)
  )
}

/** The first 12 hex of the class's sha256: how people are shown a class. */
export function shortClass(determinismClass: string): Hex {
  return sha256Hex(determinismClass).slice(0, 12)
}
