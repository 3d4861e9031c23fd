import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Client, Connection } from '@temporalio/client'
import { API_ERRORS, type ApiErrorCode } from '../../../api/http/errors.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { makeNamespace, useTemporal } from '../../support/temporal.js'
import { type Problem, startApi, type TestApi } from '../server.js'
import { type Call, VALID_CALLS } from './openapi-calls.js'
import {
  Answers,
  bodyMembers,
  bodySchema,
  type Listed,
  type OpenApiDocument,
  operationsOf,
} from './openapi-document.js'
import { type Mutation, mutationsOf } from './openapi-mutations.js'
import { makeScene, type Scene } from './openapi-scene.js'

/** Calls under way at once. */
const MOST_TRIES = 3
const AT_ONCE = 16

/** Texts that some parameter takes and another refuses. */
const PARAMETER_TEXTS = [
  ...['0', '1', '01', '-1', '1.5', '100', '300', '1e2', 'NaN', 'null', 'abc', '"abc"', '"', '""'],
  ...['asc', 'none', 'rgb', 'thumbnail', 'ended', 'wait=1', 'a,b;c=d', 'y'.repeat(300)],
]

/** A body as a client of this media type sends it. */
function encoded(media: string, example: unknown, what: string): RequestInit {
  assert.ok(typeof example === 'object' && example !== null, `${what} has an example`)
  if (media === 'application/json') {
    return { headers: { 'Content-Type': media }, body: JSON.stringify(example) }
  }
  assert.equal(media, 'multipart/form-data', what)
  const body = new FormData()
  for (const [name, value] of Object.entries(example)) body.append(name, String(value))
  return { body }
}

describe('the OpenAPI document', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const temporal = useTemporal()
  const verifierId = newVerifier()
  let api: TestApi
  let client: Client
  let scene: Scene
  let document: OpenApiDocument
  let answers: Answers
  before(async () => {
    const namespace = await makeNamespace(temporal())
    const connection = await Connection.connect({ address: temporal().address })
    client = new Client({ connection, namespace })
    const { db, url } = database()
    api = await startApi({ db, url, temporal: client, verifierId })
    scene = await makeScene(db, verifierId, client, api)
    document = (await (await api.fetch('/openapi.json')).json()) as OpenApiDocument
    answers = new Answers(document)
  })
  after(async () => {
    await api?.close()
    await client?.connection.close()
  })

  function ask(operation: Listed, call: Call | Mutation): Promise<Response> {
    const { path, body, headers = {}, raw } = call as Mutation
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    return api.fetch(path, {
      method: operation.method,
      headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    })
  }

  const mediaOf = (res: Response) => res.headers.get('content-type')?.split(';')[0] ?? ''

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    const found = await validator.validate(structuredClone(document) as never)
    assert.deepEqual(found.errors ?? [], [])
    assert.equal(found.valid, true)
    assert.equal(validator.version, '3.1')
  })

  it('has a valid call for every operation, answered as it says', async () => {
    const listed = operationsOf(document)
    assert.deepEqual(
      listed.map(({ operationId }) => operationId).sort(),
      Object.keys(VALID_CALLS).sort(),
    )
    for (const operation of listed) {
      const call = VALID_CALLS[operation.operationId]!(scene)
      const res = await ask(operation, call)
      const bytes = Buffer.from(await res.arrayBuffer())
      const says = `${operation.operationId}: ${bytes.toString('latin1').slice(0, 300)}`
      assert.equal(res.status, call.status ?? 200, says)
      const media = mediaOf(res)
      assert.ok(operation.responses[res.status]?.content?.[media], `${media} of ${says}`)
      if (media !== 'application/json') continue
      const body: unknown = JSON.parse(bytes.toString())
      assert.equal(answers.wrong(operation, res.status, media, body), null, says)
    }
  })

  it('has an example for every body, accepted in each of its media types as it stands', async () => {
    const tried: string[] = []
    for (const { operationId, method, path, requestBody } of operationsOf(document)) {
      for (const [media, { example }] of Object.entries(requestBody?.content ?? {})) {
        const what = `${operationId} as ${media}`
        const res = await api.fetch(path, { method, ...encoded(media, example, what) })
        assert.equal(res.status, 200, `${what}: ${await res.text()}`)
        tried.push(what)
      }
    }
    assert.deepEqual(tried.sort(), [
      'createVideo as application/json',
      'createVideo as multipart/form-data',
      'createWebhook as application/json',
    ])
  })

  it('lets every optional member of a body be null, and the server takes it', async () => {
    const tried: string[] = []
    for (const operation of operationsOf(document)) {
      const { properties = {}, required = [] } = bodySchema(document, operation) ?? {}
      for (const [member, schema] of Object.entries(properties)) {
        const what = `${operation.operationId}.${member}`
        const kinds = [schema, ...(schema.anyOf ?? [])]
        const nullable = kinds.some(({ type }) => [type].flat().includes('null'))
        assert.equal(nullable, !required.includes(member), what)
        if (!nullable) continue
        const valid = VALID_CALLS[operation.operationId]!(scene)
        const body = { ...(valid.body as object), [member]: null }
        const res = await ask(operation, { ...valid, body })
        assert.notEqual(res.status, 400, `${what}: ${await res.text()}`)
        tried.push(what)
      }
    }
    assert.ok(tried.includes('createVideo.seed') && tried.includes('createWebhook.events'))
  })

  it('refuses of each header and query parameter what its schema refuses, and nothing else', async () => {
    let refused = 0
    for (const operation of operationsOf(document)) {
      const valid = VALID_CALLS[operation.operationId]!(scene)
      for (const parameter of operation.parameters ?? []) {
        const { name, in: place } = parameter
        if (place !== 'header' && place !== 'query') continue
        for (const text of PARAMETER_TEXTS) {
          const allowed = answers.allows(parameter.schema, text)
          const given = new URLSearchParams({ [name]: text })
          const res = await ask(
            operation,
            place === 'header'
              ? { ...valid, headers: { ...valid.headers, [name]: text } }
              : { ...valid, path: `${valid.path.split('?')[0]}?${given}` },
          )
          await res.body?.cancel()
          const what = `${operation.operationId} with ${name} ${JSON.stringify(text)}: ${res.status}`
          assert.equal(res.status !== 400, allowed, what)
          if (!allowed) refused++
        }
      }
    }
    assert.ok(refused > 50, `${refused} refused`)
  })

  it('describes an event of a stream as parsers hand it out, its data by a schema of its own', () => {
    const streams = operationsOf(document).flatMap(({ operationId, responses }) => {
      const schema = responses['200']?.content?.['text/event-stream']?.schema
      return schema === undefined ? [] : [{ operationId, schema }]
    })
    assert.deepEqual(streams.map(({ operationId }) => operationId).sort(), [
      'createVideo',
      'watchVideo',
    ])
    for (const { operationId, schema } of streams) {
      assert.deepEqual(Object.keys(schema.properties ?? {}), ['event', 'id', 'retry', 'data'])
      const { contentSchema } = schema.properties!.data!
      assert.equal(contentSchema?.$ref, '#/components/schemas/VideoEvent', operationId)
    }
    assert.ok(document.components.schemas.VideoEvent)
  })

  it('has no null in a form, and seconds as a text', () => {
    const create = operationsOf(document).find(({ operationId }) => operationId === 'createVideo')
    const form = create?.requestBody?.content['multipart/form-data']?.schema
    assert.doesNotMatch(JSON.stringify(form), /null|anyOf/)
    assert.equal(form?.properties?.seconds?.type, 'string')
  })

  it('prefills no header, and no tag is empty', () => {
    const listed = operationsOf(document)
    for (const { operationId, parameters = [] } of listed) {
      for (const each of parameters.filter((one) => one.in === 'header')) {
        assert.doesNotMatch(JSON.stringify(each), /"examples?":/, `${operationId}: ${each.name}`)
      }
    }
    const used = new Set(listed.flatMap(({ tags }) => tags))
    assert.deepEqual(document.tags.map(({ name }) => name).sort(), [...used].sort())
    assert.match(document.info.description, /Authorization: Bearer fk_…/)
    assert.match(document.info.description, /fractal key create/)
  })

  it('says what comes of every call that is not as it says', async () => {
    let asked = 0
    const wrong: string[] = []
    for (const operation of operationsOf(document)) {
      const valid = VALID_CALLS[operation.operationId]!(scene)
      const left = mutationsOf(operation, valid, bodyMembers(document, operation))
      assert.ok(left.length > 0)
      asked += left.length
      const worker = async () => {
        for (let next = left.pop(); next !== undefined; next = left.pop()) {
          const found = await wrongWith(operation, next)
          if (found !== null) wrong.push(`${operation.operationId}, ${next.what}: ${found}`)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    }
    assert.deepEqual(wrong, [])
    assert.ok(asked > 1_000, `${asked} calls`)
  })

  it('leaves no more series on /metrics after all of that than there are operations', async () => {
    for (const method of ['PROPFIND', 'PATCH', 'LOCK', 'M-SEARCH']) {
      for (const path of ['/v1/videos', '/v1/network', '/nothing', '/metrics']) {
        await (await api.fetch(path, { method })).body?.cancel()
      }
    }
    const text = await (await api.fetch('/metrics')).text()
    const own = text.split('\n').filter((line) => line.startsWith('fractal_api_request'))
    const values = (label: string) => [
      ...new Set(own.flatMap((line) => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1] ?? [])),
    ]
    assert.deepEqual(values('method').sort(), ['DELETE', 'GET', 'POST', 'other'])
    const patterns = operationsOf(document).map(({ path }) => path.replace(/\{(\w+)\}/g, ':$1'))
    const others = ['/healthz', '/metrics', '/openapi.json', '/readyz', 'unmatched']
    const unknown = values('route').filter((route) => ![...patterns, ...others].includes(route))
    assert.deepEqual(unknown, [])
    assert.ok(text.length < 80_000, `${text.length} bytes`)
  })

  /** On a busy machine PostgreSQL may take longer than the API waits for it; then it is asked again, as the answer says. */
  async function askInTime(operation: Listed, call: Mutation): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      const res = await ask(operation, call)
      if (res.status !== 503 || tries === MOST_TRIES) return res
      const { code } = (await res.clone().json()) as Problem
      if (code !== 'ledger_unavailable') return res
    }
  }

  /** Never 5xx; what it answers stands in the document. */
  async function wrongWith(operation: Listed, call: Mutation): Promise<string | null> {
    const res = await askInTime(operation, call)
    const media = mediaOf(res)
    const documented = operation.responses[res.status]
    if (media === 'text/event-stream') {
      await res.body?.cancel()
      return documented === undefined ? `status ${res.status} is not documented` : null
    }
    const text = await res.text()
    if (res.status >= 500 || documented === undefined) return `${res.status} ${text.slice(0, 300)}`
    if (res.status < 400) {
      if (media !== 'application/json') return null
      return answers.wrong(operation, res.status, media, JSON.parse(text))
    }
    const problem = JSON.parse(text) as Problem
    const wrong = answers.wrong(operation, res.status, media, problem)
    if (wrong !== null) return wrong
    if (API_ERRORS[problem.code as ApiErrorCode]?.status !== res.status) {
      return `${res.status} with the code ${problem.code}`
    }
    const vague = vagueness(problem)
    if (vague !== null) return vague
    return documented.description.includes(`\`${problem.code}\``)
      ? null
      : `the code ${problem.code} is not documented for ${res.status}`
  }

  /** A refusal names what was sent for what field, and says what to do; in words, not in patterns. */
  function vagueness({ detail, hint, error: { param } }: Problem): string | null {
    if (hint === undefined && !detail.includes(': it must')) return `nothing to do: ${detail}`
    if (/[Ii]nvalid|[Pp]attern|[Ee]xpected|\\d|\^/.test(detail)) return `not in words: ${detail}`
    const named =
      param === null || detail.includes(param) || /^(There is|This API key has) no /.test(detail)
    return named ? null : `does not name ${param}: ${detail}`
  }

  it('refuses every operation that wants a key without one', async () => {
    for (const operation of operationsOf(document)) {
      const { path, body } = VALID_CALLS[operation.operationId]!(scene)
      const res = await fetch(`${api.url}${path}`, {
        method: operation.method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      await res.body?.cancel()
      const open = operation.path.startsWith('/v1/network') && operation.method === 'GET'
      assert.equal(res.status, open ? 200 : 401, operation.operationId)
    }
  })

  it('has every error code in the guide’s table, and the guide has no other', async () => {
    const guide = await readFile('docs/use-the-api.md', 'utf8')
    const rows = [...guide.matchAll(/^\| (\d{3}) +\| `(\w+)` +\| (.+?) +\|$/gm)].map(
      ([, status, code, title]) => `${status} ${code} ${title}`,
    )
    const codes = Object.entries(API_ERRORS).map(
      ([code, { status, title }]) => `${status} ${code} ${title}`,
    )
    assert.deepEqual(rows.sort(), codes.sort())
  })
})
