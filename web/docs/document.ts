/** The part of an OpenAPI 3.1 document that the page shows. */
export interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly tags?: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly webhooks?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

export interface Operation {
  readonly operationId?: string
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Contents }
  readonly responses: Readonly<Record<string, Answer>>
}

export interface Parameter {
  readonly in: string
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
}

export interface Answer {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly description?: string }>>
  readonly content?: Contents
}

export type Contents = Readonly<
  Record<string, { readonly schema?: Schema; readonly example?: unknown }>
>

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly example?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

/** An operation, or an event that is sent to a webhook. */
export interface Entry {
  /** Its anchor on the page. */
  readonly id: string
  /** For example `GET`; for a webhook, the method sent to it. */
  readonly method: string
  /** For example `/v1/videos/{id}`; for a webhook, the event's name. */
  readonly path: string
  readonly isWebhook: boolean
  readonly operation: Operation
}

export interface Group {
  readonly name: string
  readonly description: string | undefined
  readonly entries: readonly Entry[]
}

const OTHER = 'Other'

/** All entries of the document grouped by their first tag, in the document's order. */
export function groupsOf(document: Document): Group[] {
  const entries = [...entriesOf(document.paths, false), ...entriesOf(document.webhooks ?? {}, true)]
  const tagOf = ({ operation }: Entry): string => operation.tags?.[0] ?? OTHER
  const tags = document.tags ?? []
  const names = new Set([...tags.map(({ name }) => name), ...entries.map(tagOf)])
  return [...names]
    .map((name) => ({
      name,
      description: tags.find((tag) => tag.name === name)?.description,
      entries: entries.filter((entry) => tagOf(entry) === name),
    }))
    .filter((group) => group.entries.length > 0)
}

function entriesOf(paths: Document['paths'], isWebhook: boolean): Entry[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId ?? `${method}-${path}`.replaceAll(/[^\w]+/g, '-'),
      method: method.toUpperCase(),
      path,
      isWebhook,
      operation,
    })),
  )
}

/** The scope that a key needs; null: no key is needed. */
export function scopeOf({ security }: Operation): string | null {
  // Any one of them is enough, and an empty one means no key.
  const scopes = security?.map((wanted) => Object.values(wanted).flat().join(', ')) ?? []
  return scopes.includes('') ? null : (scopes[0] ?? null)
}

/** `Video` of `#/components/schemas/Video`. */
export function refName($ref: string): string {
  return $ref.slice($ref.lastIndexOf('/') + 1)
}

/** Resolves a schema's reference; returns the schema itself if it has none. */
export function resolved(schema: Schema, document: Document): Schema {
  if (schema.$ref === undefined) return schema
  const found = document.components?.schemas?.[refName(schema.$ref)]
  return found === undefined ? schema : resolved(found, document)
}
