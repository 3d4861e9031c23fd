import type { Draw } from './draw.js'

const DEEP = 5_000
const TEXTS = [
  ...[
    '',
    ' ',
    'x',
    '0',
    '-1',
    'null',
    'true',
    '1e9',
    '__proto__',
    'constructor',
    '\u0000',
    'a\u0000b',
  ],
  ...[
    '\ud800',
    '\u001b[2J\r\n\u202e',
    '🦊',
    "'; DROP TABLE jobs;--",
    '../../etc/passwd',
    '<script>',
  ],
  'y'.repeat(70_000),
]
const VALUES: readonly unknown[] = [
  ...[null, true, false, -1, 0, 1, 1.5, -0.0001, 1e308, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 63)],
  ...[[], [[]], {}, [null], { a: { b: null } }, { type: 'done' }, Array(300).fill(0)],
  ...TEXTS,
]
/** JSON that JavaScript can't hold, or that parsers read differently. */
const RAW = [
  '1e999',
  '-1e999',
  '01',
  '0x10',
  '.5',
  '+1',
  'NaN',
  'undefined',
  '-0',
  '"\\ud800"',
  '"\\u0000"',
  `${'9'.repeat(400)}`,
]
const MARK = '@@raw@@'

type Container = Record<string, unknown> | unknown[]

/** Every place in a value: its container and its key. */
function places(value: unknown, found: [Container, string][] = []): [Container, string][] {
  if (typeof value !== 'object' || value === null) return found
  for (const key of Object.keys(value)) {
    found.push([value as Container, key])
    places((value as Record<string, unknown>)[key], found)
  }
  return found
}

function put(of: Container, key: string, value: unknown): void {
  Object.defineProperty(of, key, { value, enumerable: true, configurable: true, writable: true })
}

type Change = (draw: Draw, value: Record<string, unknown>) => string

function at(change: (draw: Draw, of: Container, key: string) => void): Change {
  return (draw, value) => {
    const all = places(value)
    if (all.length > 0) change(draw, ...draw.pick(all))
    return JSON.stringify(value)
  }
}

const CHANGES: Readonly<Record<string, Change>> = {
  'a value replaced': at((draw, of, key) => put(of, key, draw.pick(VALUES))),
  'a number moved': (draw, value) => {
    const numbers = places(value).filter(([of, key]) => typeof Reflect.get(of, key) === 'number')
    if (numbers.length > 0) {
      const [of, key] = draw.pick(numbers)
      put(of, key, Number(Reflect.get(of, key)) + draw.pick([-1, 1, 0.5, 2 ** 31, -(2 ** 31)]))
    }
    return JSON.stringify(value)
  },
  'a member removed': at((_, of, key) => void Reflect.deleteProperty(of, key)),
  'a member added': (draw, value) => {
    put(value, draw.pick(TEXTS), draw.pick(VALUES))
    return JSON.stringify(value)
  },
  'raw JSON': (draw, value) => {
    const all = places(value)
    if (all.length > 0) put(...draw.pick(all), MARK)
    return JSON.stringify(value).replace(`"${MARK}"`, draw.pick(RAW))
  },
  'a member twice': (draw, value) => {
    const [key = 'x'] = Object.keys(value)
    const text = JSON.stringify(value)
    return `${text.slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(draw.pick(VALUES))}}`
  },
  'a prototype': (_, value) => `{"__proto__":{"type":"done"},${JSON.stringify(value).slice(1)}`,
  'deep nesting': (draw, value) => {
    const [open, close] = draw.pick([['[', ']'] as const, ['{"a":', '}'] as const])
    const deep = `${open.repeat(DEEP)}0${close.repeat(DEEP)}`
    return `{"deep":${deep},${JSON.stringify(value).slice(1)}`
  },
  'text around it': (draw, value) => {
    const text = JSON.stringify(value)
    const around = draw.pick(['\ufeff', ' ', '\n', '/*x*/', 'x', '"', ']', text, '\0'])
    return draw.chance(50) ? `${around}${text}` : `${text}${around}`
  },
  'cut off': (draw, value) => {
    const text = JSON.stringify(value)
    return text.slice(0, draw.below(text.length))
  },
  'no object': (draw) => JSON.stringify(draw.pick(VALUES)) ?? 'null',
}

/** The JSON of an object with one to three changes; some of it is no JSON, and some no UTF-8. */
export function mutateJson(draw: Draw, value: object): Buffer {
  const copy = structuredClone(value) as Record<string, unknown>
  for (let i = draw.below(3); i > 0; i--) draw.named(CHANGES)(draw, copy)
  const text = draw.named(CHANGES)(draw, copy)
  if (draw.chance(5)) {
    draw.notes.push('in another encoding')
    return Buffer.from(text, draw.pick(['latin1', 'utf16le']))
  }
  return Buffer.from(text)
}
