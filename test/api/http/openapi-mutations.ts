import type { Call } from './openapi-calls.js'
import type { Listed } from './openapi-document.js'

/** A call that is not as the document says, or hardly. */
export interface Mutation extends Call {
  readonly what: string
  /** Sent as it is, in place of a JSON body. */
  readonly raw?: string | Buffer
}

const LONG = 'y'.repeat(5_000)
const ODD_SEGMENTS = [
  '%00',
  '..%2f..%2fetc',
  '%E0%A4',
  '%zz',
  '0',
  '-1',
  '1.5',
  '1e9',
  '99999999999999999999',
  'null',
  '[object%20Object]',
  '%F0%9F%A6%8A',
  '%3Cscript%3E',
  "'%3B%20DROP%20TABLE%20jobs%3B--",
  '%20',
  LONG,
]
const ODD_TEXTS = ['', '%20', '-1', '0', '1e308', 'NaN', 'null', '[]', '%00', '%E0%A4', LONG]
const ODD_HEADERS = [' ', '-1', 'wait=-1', 'wait=x', '"', '""', 'é', 'a,b;c=d', LONG]
const ANY_HEADERS = ['Range', 'If-None-Match', 'Accept']
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  'x',
  'a\u0000b',
  '\ud800',
  'y'.repeat(120_000),
  [],
  [1],
  [[]],
  {},
  { a: { b: null } },
]
const JSON_TYPE = { 'Content-Type': 'application/json' }
const DEEP = 20_000

/** Wrong types, missing, extra, too long, huge, null, arrays, odd ids, odd queries, odd headers. */
export function mutationsOf(
  operation: Listed,
  valid: Call,
  members: readonly string[],
): Mutation[] {
  return [
    ...pathMutations(operation, valid),
    ...queryMutations(operation, valid),
    ...headerMutations(operation, valid),
    ...(operation.requestBody === undefined
      ? bodyOnNone(operation, valid)
      : [...memberMutations(valid, members), ...rawBodies(valid)]),
  ]
}

function pathMutations({ path }: Listed, valid: Call): Mutation[] {
  const [, query = ''] = valid.path.split('?')
  const given = valid.path.split('?')[0]!.split('/')
  return path.split('/').flatMap((step, i) =>
    step.startsWith('{')
      ? ODD_SEGMENTS.map((odd) => {
          const steps = given.map((one, j) => (i === j ? odd : one)).join('/')
          const what = `${step} is ${odd.slice(0, 40)}`
          return { ...valid, what, path: query === '' ? steps : `${steps}?${query}` }
        })
      : [],
  )
}

function queryMutations({ parameters = [] }: Listed, valid: Call): Mutation[] {
  const path = valid.path.split('?')[0]!
  const names = parameters.filter((one) => one.in === 'query').map(({ name }) => name)
  const queries = [
    ...names.flatMap((name) => [
      ...ODD_TEXTS.map((text) => `${name}=${text}`),
      `${name}=1&${name}=2`,
      `${name}[]=1`,
      `${name}[a]=1`,
      name,
    ]),
    'zzz=1',
    '__proto__=1',
    '&&&==',
    '%E0%A4=%E0%A4',
  ]
  return queries.map((query) => ({
    ...valid,
    what: `query ${query.slice(0, 40)}`,
    path: `${path}?${query}`,
  }))
}

function headerMutations({ parameters = [] }: Listed, valid: Call): Mutation[] {
  const names = parameters.filter((one) => one.in === 'header').map(({ name }) => name)
  const odd = (name: string, values: readonly string[]) =>
    values.map((value) => ({
      ...valid,
      what: `header ${name}: ${value.slice(0, 40)}`,
      headers: { ...valid.headers, [name]: value },
    }))
  return [
    ...names.flatMap((name) => odd(name, ODD_HEADERS)),
    ...ANY_HEADERS.flatMap((name) => odd(name, ['é', 'bytes=-0,9-1', LONG])),
  ]
}

function memberMutations(valid: Call, members: readonly string[]): Mutation[] {
  const body = valid.body as Record<string, unknown>
  const changed = members.flatMap((member) =>
    ODD_VALUES.map((value) => ({
      ...valid,
      what: `${member} is ${JSON.stringify(value).slice(0, 40)}`,
      body: { ...body, [member]: value },
    })),
  )
  const missing = Object.keys(body).map((member) => {
    const { [member]: _left, ...rest } = body
    return { ...valid, what: `${member} is missing`, body: rest }
  })
  const extra = ['zzz', '__proto', 'constructor', ''].map((member) => ({
    ...valid,
    what: `${member} is extra`,
    body: { ...body, [member]: 1 },
  }))
  return [...changed, ...missing, ...extra]
}

function rawBodies(valid: Call): Mutation[] {
  const texts: Record<string, string | Buffer> = {
    nothing: '',
    null: 'null',
    'a list': '[]',
    'a text': '"x"',
    'a number': '1',
    'half an object': '{"prompt":',
    'two objects': '{}{}',
    'a deep list': `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
    'a deep object': `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
    'no UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    'a prototype': '{"__proto__":{"prompt":"x"}}',
    'a huge number': `{"seed":${'9'.repeat(400)}}`,
  }
  const raw = Object.entries(texts).map(([what, text]) => ({
    ...valid,
    what: `the body is ${what}`,
    raw: text,
    headers: JSON_TYPE,
  }))
  const typed = [
    { 'Content-Type': 'text/plain' },
    { 'Content-Type': 'application/x-www-form-urlencoded' },
    { 'Content-Type': 'multipart/form-data' },
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    { 'Content-Type': 'application/json; charset=utf-16' },
    { 'Content-Type': 'nonsense' },
    { ...JSON_TYPE, 'Content-Encoding': 'br' },
    { ...JSON_TYPE, 'Content-Encoding': 'gzip' },
    { ...JSON_TYPE, 'Content-Encoding': 'nonsense' },
  ].map((headers) => ({
    ...valid,
    what: `headers ${JSON.stringify(headers)}`,
    raw: JSON.stringify(valid.body),
    headers,
  }))
  return [...raw, ...typed]
}

/** Bodies where none is read. */
function bodyOnNone({ method }: Listed, valid: Call): Mutation[] {
  if (method === 'GET') return []
  return ['{"a":1}', '{', 'y'.repeat(10_000)].map((raw) => ({
    ...valid,
    what: `a body of ${raw.length}`,
    raw,
    headers: JSON_TYPE,
  }))
}
