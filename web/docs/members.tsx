import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { type Document, refName, resolved, type Schema } from './document.js'
import { Inline } from './prose.js'
import { objectsOf, typeText } from './schema-text.js'

/** The members of an object, each with its type; nested objects open on demand. */
export function Members({
  schema,
  document,
}: {
  schema: Schema
  document: Document
}): JSX.Element | null {
  const { properties = {}, required = [] } = resolved(schema, document)
  const members = Object.entries(properties)
  if (members.length === 0) return null
  return (
    <dl class="members">
      {members.map(([name, member]) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
            {required.includes(name) && <span class="required">required</span>}
          </dt>
          <dd>
            <About schema={member} document={document} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Type, description, and nested members. */
export function About({ schema, document }: { schema: Schema; document: Document }): JSX.Element {
  const description = schema.description ?? resolved(schema, document).description
  return (
    <>
      <p class="type">{typeText(schema)}</p>
      {description !== undefined && (
        <p class="muted small">
          <Inline text={description} />
        </p>
      )}
      {objectsOf(schema).map((object, i) => (
        <Within key={object.$ref ?? i} schema={object} document={document} />
      ))}
    </>
  )
}

/** Rendered only when opened, because a schema may contain itself. */
function Within({ schema, document }: { schema: Schema; document: Document }): JSX.Element | null {
  const [open, setOpen] = useState(false)
  const { properties, anyOf, oneOf } = resolved(schema, document)
  const count = Object.keys(properties ?? {}).length
  const kinds = anyOf ?? oneOf ?? []
  if (count === 0 && kinds.length === 0) return null
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {schema.$ref === undefined ? '' : `${refName(schema.$ref)}: `}
        {count > 0 ? `${count} members` : `one of ${kinds.length}`}
      </summary>
      {open && count > 0 && <Members schema={schema} document={document} />}
      {open &&
        count === 0 &&
        kinds.map((kind, i) => (
          <div key={kind.$ref ?? i} class="kind">
            <About schema={kind} document={document} />
          </div>
        ))}
    </details>
  )
}
