import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { CopyButton } from '../parts/copy.js'
import {
  type Answer,
  type Contents,
  type Document,
  type Entry,
  resolved,
  scopeOf,
} from './document.js'
import { About, Members } from './members.js'
import { Inline, Prose } from './prose.js'
import { curlOf, exampleBody } from './sample.js'
import { TryIt } from './try-it.js'

/** One operation, opened by clicking it or by `#` and its id in the address. */
export function OperationEntry({
  entry,
  document,
  open,
}: {
  entry: Entry
  document: Document
  open: boolean
}): JSX.Element {
  const { operation, method, path, isWebhook } = entry
  const [shown, setShown] = useState(open)
  const scope = scopeOf(operation)
  return (
    <details
      class="operation"
      id={entry.id}
      open={open}
      onToggle={(event) => setShown(event.currentTarget.open)}
    >
      <summary>
        <span class={`method ${method.toLowerCase()}`}>{isWebhook ? 'event' : method}</span>
        <code class="path">{path}</code>
        <span class="what">{operation.summary}</span>
      </summary>
      {shown && (
        <div class="operation-body">
          {operation.description !== undefined && <Prose text={operation.description} />}
          <p class="muted small">
            {isWebhook
              ? 'Sent to your webhook as a POST.'
              : scope === null
                ? 'No key needed.'
                : `Needs a key with the scope ${scope}.`}
          </p>
          <Parameters entry={entry} document={document} />
          {operation.requestBody !== undefined && (
            <section>
              <h3>Body</h3>
              <Bodies contents={operation.requestBody.content} document={document} />
            </section>
          )}
          <section>
            <h3>Answers</h3>
            <ul class="answers">
              {Object.entries(operation.responses).map(([status, answer]) => (
                <AnswerEntry key={status} status={status} answer={answer} document={document} />
              ))}
            </ul>
          </section>
          {!isWebhook && <Asking entry={entry} document={document} />}
        </div>
      )}
    </details>
  )
}

function Parameters({ entry, document }: { entry: Entry; document: Document }): JSX.Element | null {
  const { parameters = [] } = entry.operation
  if (parameters.length === 0) return null
  return (
    <section>
      <h3>{entry.isWebhook ? 'Headers' : 'Parameters'}</h3>
      <dl class="members">
        {parameters.map(({ name, in: place, required, schema, description }) => (
          <div key={`${place} ${name}`}>
            <dt>
              <code>{name}</code>
              <span class="muted">{place}</span>
              {required && <span class="required">required</span>}
            </dt>
            <dd>
              <About
                schema={{ ...schema, ...(description && { description }) }}
                document={document}
              />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** Each media type of a body; its members if it is an object. */
function Bodies({ contents, document }: { contents: Contents; document: Document }): JSX.Element {
  return (
    <>
      {Object.entries(contents).map(([type, { schema }], i) => (
        <details key={type} class="body" open={i === 0}>
          <summary>
            <code>{type}</code>
          </summary>
          {schema !== undefined &&
            (resolved(schema, document).properties === undefined ? (
              <About schema={schema} document={document} />
            ) : (
              <Members schema={schema} document={document} />
            ))}
        </details>
      ))}
    </>
  )
}

function AnswerEntry(props: { status: string; answer: Answer; document: Document }): JSX.Element {
  const { status, answer, document } = props
  const isGood = Number(status) < 300
  // Error bodies are the same everywhere; only the codes in the description differ.
  const contents = isGood ? answer.content : undefined
  return (
    <li>
      <strong class={`status ${isGood ? 'verdict-pass' : ''}`}>{status}</strong>
      <div>
        <p>
          <Inline text={answer.description} />
        </p>
        {Object.entries(contents ?? {}).map(([type, { schema }]) => (
          <div key={type} class="answer-type">
            <code>{type}</code>
            {schema !== undefined && schema.type !== 'string' && (
              <About schema={schema} document={document} />
            )}
          </div>
        ))}
      </div>
    </li>
  )
}

function Asking({ entry, document }: { entry: Entry; document: Document }): JSX.Element {
  const [trying, setTrying] = useState(false)
  const curl = curlOf(entry, exampleBody(entry, document), {
    origin: location.origin,
    key: scopeOf(entry.operation) !== null,
  })
  return (
    <section>
      <div class="row spread">
        <h3>Ask</h3>
        <span class="row">
          <CopyButton text={curl} what="curl command" label="Copy" />
          <button
            type="button"
            class="button small"
            aria-expanded={trying}
            onClick={() => setTrying(!trying)}
          >
            Try it here
          </button>
        </span>
      </div>
      <pre class="code">{curl}</pre>
      {trying && <TryIt entry={entry} document={document} />}
    </section>
  )
}
