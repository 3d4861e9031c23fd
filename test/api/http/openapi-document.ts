import { Ajv2020 } from 'ajv/dist/2020.js'

/** What the tests read of an OpenAPI document. */
export interface Schema {
  readonly type?: string | string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
  readonly contentSchema?: Schema
}

interface Media {
  readonly schema?: Schema
  readonly example?: unknown
}

interface Parameter {
  readonly in: string
  readonly name: string
  readonly required?: boolean
  readonly schema: Schema
}

export interface DocumentedOperation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<
    Record<string, { description: string; content?: Readonly<Record<string, Media>> }>
  >
}

export interface OpenApiDocument {
  readonly info: { readonly description: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export interface Listed extends DocumentedOperation {
  readonly path: string
  readonly method: string
}

export function operationsOf({ paths }: OpenApiDocument): Listed[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, each]) => ({
      ...each,
      path,
      method: method.toUpperCase(),
    })),
  )
}

/** The schema of an operation's JSON body; null where it takes none. */
export function bodySchema(document: OpenApiDocument, operation: Listed): Schema | null {
  const schema = operation.requestBody?.content['application/json']?.schema
  const name = schema?.$ref?.split('/').at(-1)
  return (name === undefined ? schema : document.components.schemas[name]) ?? null
}

/** Members of an operation's JSON body. */
export function bodyMembers(document: OpenApiDocument, operation: Listed): string[] {
  return Object.keys(bodySchema(document, operation)?.properties ?? {})
}

/** Holds an answer against the schema that the document has for it. */
export class Answers {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false })

  constructor(document: OpenApiDocument) {
    this.#ajv.addSchema(document, 'document')
  }

  /** Whether a parameter's schema takes what stands in the request: a number by its one spelling. */
  allows(schema: Schema, text: string): boolean {
    const isNumber = [schema.type].flat().includes('integer') && String(Number(text)) === text
    return this.#ajv.compile(schema)(isNumber ? Number(text) : text)
  }

  /** What is wrong with a JSON answer; null when it is as documented. */
  wrong(operation: Listed, status: number, media: string, body: unknown): string | null {
    const response = operation.responses[status]
    if (response === undefined) return `status ${status} is not documented`
    if (response.content?.[media]?.schema === undefined) return `${media} is not documented`
    const method = operation.method.toLowerCase()
    const steps = ['paths', operation.path, method, 'responses', `${status}`, 'content', media]
    const pointer = [...steps, 'schema']
      .map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/')
    const $ref = `document#/${pointer}`
    const validate = this.#ajv.getSchema($ref) ?? this.#ajv.compile({ $ref })
    return validate(body) ? null : this.#ajv.errorsText(validate.errors)
  }
}
