import { z } from 'zod'
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverrideMetaContext,
  type ZodOpenApiPathsObject,
} from 'zod-openapi'
import { LIMIT_HEADERS } from '../auth/rate-limit-headers.js'
import { isCountedRead } from '../auth/read-limit.js'
import type { Access } from '../auth/required-scope.js'
import { webhookDocument } from '../webhooks/openapi.js'
import { API_ERRORS, type ApiErrorCode } from './errors.js'
import type { Answer, Operation } from './operation.js'

/** What any operation may answer. */
const COMMON_ERRORS: readonly ApiErrorCode[] = [
  'method_not_allowed',
  'misdirected',
  'internal_error',
  'shutting_down',
  'ledger_unavailable',
]

/** What an operation may answer because of its access. */
const ACCESS_ERRORS: readonly ApiErrorCode[] = ['invalid_api_key', 'insufficient_scope']

/** What reads of one key that are counted may answer, and reads of the network that all callers share. */
const READ_ERRORS: readonly ApiErrorCode[] = ['too_many_requests']
const NETWORK_ERRORS: readonly ApiErrorCode[] = ['overloaded']

/** What any address with a parameter may be: escaped in a way that nothing decodes (`%zz`). */
const PATH_ERRORS: readonly ApiErrorCode[] = ['invalid_request']

const problem = z
  .object({
    type: z.string().meta({ description: '`urn:fractal:problem:` and the code' }),
    title: z.string(),
    status: z.int().min(0),
    detail: z.string(),
    hint: z.string().optional(),
    instance: z.string().meta({ description: 'path of the request' }),
    code: z.string().meta({ description: 'error code, for programs' }),
    error: z
      .object({
        message: z.string(),
        type: z.string(),
        param: z.string().nullable(),
        code: z.string(),
      })
      .meta({ description: 'the same error for OpenAI clients' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457), with OpenAI’s error object' })

const DESCRIPTION = `
Text to video on a grid of provers, in which nobody has to trust a node.

To call what wants a key, make one with \`fractal key create\` and send it in the header \`Authorization: Bearer fk_…\`; the page of this document takes it too, and keeps it for the tab. Reads of the network need none.
`.trim()

/** The OpenAPI 3.1 document of these operations, from the schemas that validate them. */
export function openApiDocument(operations: readonly Operation[], version: string) {
  const paths: ZodOpenApiPathsObject = {}
  for (const each of operations) {
    paths[each.path] = { ...paths[each.path], [each.method]: operationObject(each) }
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Fractal',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'Videos', description: 'From a prompt to a video.' },
      { name: 'Webhooks', description: 'Notifications when a video has ended.' },
      { name: 'Network', description: 'What the verifier found.' },
    ],
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'fk_…',
          description:
            'An API key, made by `fractal key create`, in the header `Authorization: Bearer fk_…`. Each operation names ' +
            'the scope it requires: `generate` (create and cancel videos), `read` (read them) or `admin` (everything).',
        },
      },
    },
    paths,
    webhooks: webhookDocument,
  })
}

function operationObject(each: Operation): ZodOpenApiOperationObject {
  const { id, tag, summary, description, access, params, query, headers, body, bodyExample } = each
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(access),
    requestParams: { path: params, query, ...(headers === undefined ? {} : { header: headers }) },
    ...(body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: Object.fromEntries(
              Object.entries({ 'application/json': body, ...each.bodyMedia }).map(
                ([type, schema]) => [
                  type,
                  { schema, ...(bodyExample === undefined ? {} : { example: bodyExample }) },
                ],
              ),
            ),
          },
        }),
    responses: { ...answersOf(each.answers), ...errorsOf(each) },
  }
}

function securityOf(access: Access): Record<string, string[]>[] {
  if (access === 'everybody') return []
  return access === 'network' ? [{}, { key: ['read'] }] : [{ key: [access] }]
}

function answersOf(answers: Operation['answers']): ZodOpenApiOperationObject['responses'] {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, answerObject(answer)]),
  )
}

function answerObject({ description, schema, media, otherMedia = [], events, headers }: Answer) {
  const bytes = [...(media === undefined ? [] : [media]), ...otherMedia]
  const contents = {
    ...(schema === undefined ? {} : { 'application/json': { schema } }),
    ...Object.fromEntries(bytes.map((type) => [type, { schema: { type: 'string' as const } }])),
    ...(events === undefined ? {} : { 'text/event-stream': { schema: eventOf(events) } }),
  }
  return {
    description,
    ...(Object.keys(contents).length === 0 ? {} : { content: contents }),
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
  }
}

/**
 * One event of a stream, as parsers of server-sent events hand it out: OpenAPI describes a stream by it. Its
 * data is a text, whose JSON has a schema.
 */
function eventOf(data: z.ZodType) {
  const event = z.object({
    event: z.string().meta({ description: 'the `type` of its data' }),
    id: z.string().optional().meta({ description: 'for the header `Last-Event-ID`' }),
    retry: z.int().min(0).optional().meta({ description: 'milliseconds' }),
    data,
  })
  return event.meta({
    override: ({ jsonSchema: { properties = {} } }: ZodOpenApiOverrideMetaContext) => {
      const contentSchema = properties.data
      if (typeof contentSchema !== 'object') throw new Error('the data of an event has a schema')
      properties.data = { type: 'string', contentMediaType: 'application/json', contentSchema }
    },
  })
}

function headersOf(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, says]) => [
      name,
      { description: says, schema: { type: 'string' as const } },
    ]),
  )
}

const RETRY_AFTER = { 'Retry-After': 'seconds after which to retry' }

/** What errors of a status say in their headers. */
const ERROR_HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'WWW-Authenticate': 'Bearer, and what is wrong with the key (RFC 6750)' },
  403: { 'WWW-Authenticate': 'Bearer, and the scope that is missing (RFC 6750)' },
  409: RETRY_AFTER,
  429: { ...RETRY_AFTER, ...LIMIT_HEADERS },
  503: RETRY_AFTER,
}

/** Errors by status; the description lists the codes that one may have. */
function errorsOf(each: Operation): ZodOpenApiOperationObject['responses'] {
  const byStatus = new Map<number, ApiErrorCode[]>()
  const ofAccess = each.access === 'everybody' ? [] : ACCESS_ERRORS
  const ofReads = [
    ...(isCountedRead(each) ? READ_ERRORS : []),
    ...(each.access === 'network' ? NETWORK_ERRORS : []),
  ]
  const ofPath = Object.keys(each.params.shape).length === 0 ? [] : PATH_ERRORS
  for (const code of new Set([
    ...each.errors,
    ...ofAccess,
    ...ofReads,
    ...ofPath,
    ...COMMON_ERRORS,
  ])) {
    const { status } = API_ERRORS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${API_ERRORS[code].title}`).join('; '),
        content: { 'application/problem+json': { schema: problem } },
        ...(ERROR_HEADERS[status] === undefined
          ? {}
          : { headers: headersOf(ERROR_HEADERS[status]) }),
      },
    ]),
  )
}
