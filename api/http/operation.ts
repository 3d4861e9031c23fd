import type { Express, Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import type { Gate } from '../auth/key-gate.js'
import { isCountedRead, limitReads } from '../auth/read-limit.js'
import type { Access } from '../auth/required-scope.js'
import { notFound, only } from './allowed-methods.js'
import { ApiError, type ApiErrorCode } from './errors.js'
import { jsonBody } from './json-body.js'
import { parseBy, quoted } from './validate.js'

export type Tag = 'Videos' | 'Webhooks' | 'Network'

/** One way an operation succeeds. */
export interface Answer {
  readonly description: string
  /** Of the JSON. */
  readonly schema?: z.ZodType
  /** The content type of bytes, and others that they may have instead. */
  readonly media?: string
  readonly otherMedia?: readonly string[]
  /** Of the JSON in each event's data, where it may be a stream of server-sent events. */
  readonly events?: z.ZodType
  /** Name → what it says. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Longer than any id or hotkey. */
const MAX_ID_CHARACTERS = 64

const nothing = z.object({})
type Nothing = typeof nothing

export interface Call<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly req: Request
  readonly res: Response
}

interface Described {
  /** `operationId` of the document. */
  readonly id: string
  readonly method: 'get' | 'post' | 'delete'
  /** As in the document: `/v1/videos/{id}`. */
  readonly path: string
  readonly tag: Tag
  readonly access: Access
  readonly summary: string
  readonly description?: string
  readonly answers: Readonly<Record<number, Answer>>
  /** Errors that it may answer with besides those of every operation (`COMMON_ERRORS` of openapi.ts). */
  readonly errors: readonly ApiErrorCode[]
  /** Request headers that mean something here: name → schema; documented, read by the handler. */
  readonly headers?: z.ZodObject
  /** Runs before the body is read: what can be refused without a body is refused early. */
  readonly before?: readonly RequestHandler[]
  /** Reads the body when it is not JSON alone. */
  readonly readBody?: readonly RequestHandler[]
  /**
   * Other content types of the same body: type → what the document says of it; the handler gets what `body`
   * makes of it.
   */
  readonly bodyMedia?: Readonly<Record<string, z.ZodType>>
  /** A body that does: without one, documentation makes one up of all members, which no operation takes. */
  readonly bodyExample?: unknown
}

/** An operation of the API: what mounts it and what documents it are one. */
export interface Operation extends Described {
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly body: z.ZodType | null
  readonly handler: RequestHandler
}

/** How the first parameter of an address names something, and what is said when there is no such thing. */
export interface Address<P extends z.ZodObject = z.ZodObject> {
  readonly schema: P
  readonly code: ApiErrorCode
  /** Of the value as it came, fit to be shown: "There is no video …". */
  readonly message: (value: string) => string
  readonly hint: string
}

/** The error for an address that names nothing. @param value of its first parameter, as it came */
export function nothingAt(address: Address, value: string | number): ApiError {
  const { code, message, hint, schema } = address
  const param = Object.keys(schema.shape)[0]!
  const text = typeof value === 'number' ? String(value) : quoted(value, MAX_ID_CHARACTERS)
  return new ApiError(code, message(text), { hint, param })
}

interface Spec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>
  extends Described {
  /** An address that does not parse names nothing. */
  readonly params?: Address<P>
  readonly query?: Q
  readonly body?: B
  /** Fields of the body that no error may repeat. */
  readonly secretFields?: readonly string[]
  readonly run: (call: Call<z.output<P>, z.output<Q>, z.output<B>>) => Promise<void> | void
}

/** Declares an operation; the handler gets what its schemas made of the request. */
export function operation<
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodType = z.ZodUndefined,
>(spec: Spec<P, Q, B>): Operation {
  const { params, query, body, secretFields: secret = [], run, ...described } = spec
  const queryOf = (req: Request) =>
    query === undefined ? {} : parseBy(query, req.query, { what: 'query' })
  const bodyOf = (req: Request) =>
    body === undefined ? undefined : parseBy(body, req.body, { what: 'body', secret })
  const handler: RequestHandler = async (req, res) => {
    await run({
      params: paramsOf(params, req) as z.output<P>,
      query: queryOf(req) as z.output<Q>,
      body: bodyOf(req) as z.output<B>,
      req,
      res,
    })
  }
  return {
    ...described,
    params: params?.schema ?? nothing,
    query: query ?? nothing,
    body: body ?? null,
    handler,
  }
}

function paramsOf(address: Address | undefined, { params }: Request): unknown {
  if (address === undefined) return {}
  const parsed = address.schema.safeParse(params)
  if (parsed.success) return parsed.data
  throw nothingAt(address, String(params[Object.keys(address.schema.shape)[0]!]))
}

/** Mounts the operations; every other method of their addresses is refused with those there are. */
export function mountOperations(app: Express, operations: readonly Operation[], gate: Gate): void {
  const byPath = groupByPath(operations)
  const limit = limitReads()
  for (const [path, group] of byPath) {
    const route = app.route(path.replace(/\{(\w+)\}/g, ':$1'))
    for (const each of group) {
      const { method, access, before, body, readBody, handler } = each
      const limited = isCountedRead(each) ? [limit] : []
      const reading = body === null ? [] : (readBody ?? jsonBody)
      route[method](gate(access), ...limited, ...(before ?? []), ...reading, handler)
    }
    route.all(
      refuseOtherAddresses(group[0]!.params),
      only(...group.map(({ method }) => method.toUpperCase())),
    )
  }
}

/** `/v1/videos/generations` is not a video: which methods its address takes is beside the point. */
function refuseOtherAddresses(params: z.ZodObject): RequestHandler {
  return (req, _res, next) => {
    if (req.method !== 'OPTIONS' && !params.safeParse(req.params).success) throw notFound(req)
    next()
  }
}

function groupByPath(operations: readonly Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>()
  for (const each of operations) {
    const group = groups.get(each.path) ?? []
    group.push(each)
    groups.set(each.path, group)
  }
  return groups
}
