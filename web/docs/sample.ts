import type { Document, Entry, Parameter, Schema } from './document.js'
import { resolved } from './document.js'

/** An initial value for a parameter. */
export function exampleOf({ name, schema }: Parameter): string {
  const example = schema?.example ?? schema?.enum?.[0] ?? schema?.const
  return example === undefined ? name.toUpperCase() : String(example)
}

/** An initial JSON body: the document's example, else one with the required members; null: no body. */
export function exampleBody({ operation }: Entry, document: Document): string | null {
  const json = operation.requestBody?.content['application/json']
  if (json === undefined) return null
  const body = json.example ?? (json.schema === undefined ? {} : sampleOf(json.schema, document))
  return JSON.stringify(body, null, 2)
}

function sampleOf(schema: Schema, document: Document): unknown {
  const { example, properties = {}, required = [], enum: values } = resolved(schema, document)
  if (example !== undefined) return example
  if (values !== undefined) return values[0]
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => required.includes(name))
      .map(([name, member]) => [name, sampleOf(member, document)]),
  )
}

/** The URL with its parameters filled in. @param values by name; empty ones are left out */
export function addressOf(
  { path, operation }: Entry,
  values: Readonly<Record<string, string>>,
): string {
  const query = new URLSearchParams()
  for (const { in: place, name } of operation.parameters ?? []) {
    const value = values[name] ?? ''
    if (place === 'query' && value !== '') query.set(name, value)
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  )
  return query.size === 0 ? filled : `${filled}?${query}`
}

/** The same as a curl command. @param body null: no body */
export function curlOf(
  entry: Entry,
  body: string | null,
  { origin, key }: { origin: string; key: boolean },
): string {
  const required = (entry.operation.parameters ?? []).filter(({ required: must }) => must === true)
  const values = Object.fromEntries(required.map((each) => [each.name, exampleOf(each)]))
  const lines = [
    `curl ${entry.method === 'GET' ? '' : `-X ${entry.method} `}'${origin}${addressOf(entry, values)}'`,
    ...(key ? ['-H "Authorization: Bearer $FRACTAL_API_KEY"'] : []),
    ...(body === null
      ? []
      : ["-H 'Content-Type: application/json'", `-d '${body.replaceAll("'", "'\\''")}'`]),
  ]
  return lines.join(' \\\n  ')
}
