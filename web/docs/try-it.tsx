import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { apiKey } from '../key.js'
import { KeyForm, useKey } from '../parts/key-form.js'
import { Notice } from '../parts/notice.js'
import { type Document, type Entry, scopeOf } from './document.js'
import { addressOf, exampleBody } from './sample.js'

/** Maximum characters shown of a response. */
const SHOWN = 20_000

interface Got {
  readonly status: string
  readonly type: string
  readonly text: string
}

/** Sends the request to this server, with the entered values and this tab's key. */
export function TryIt({ entry, document }: { entry: Entry; document: Document }): JSX.Element {
  const { operation, method } = entry
  const key = useKey()
  const id = useId()
  const [values, setValues] = useState<Record<string, string>>({})
  const [body, setBody] = useState(() => exampleBody(entry, document))
  const [got, setGot] = useState<Got | null>(null)
  const [asking, setAsking] = useState(false)
  if (scopeOf(operation) !== null && key === null) {
    return (
      <Notice icon="key" title="A key is needed for this">
        <KeyForm />
      </Notice>
    )
  }
  const send = async (event: Event): Promise<void> => {
    event.preventDefault()
    setAsking(true)
    setGot(await answerOf(entry, values, body))
    setAsking(false)
  }
  return (
    <form class="try" aria-label={`Try ${method} ${entry.path}`} onSubmit={send}>
      {(operation.parameters ?? []).map(({ name, in: place, required, schema }) => (
        <div class="field" key={name}>
          <label for={`${id}${name}`}>
            <code>{name}</code>{' '}
            <span class="muted small">
              {place}
              {required ? ', required' : ''}
            </span>
          </label>
          <input
            id={`${id}${name}`}
            required={required ?? false}
            spellcheck={false}
            placeholder={schema?.example === undefined ? undefined : String(schema.example)}
            value={values[name] ?? ''}
            onInput={(input) => setValues({ ...values, [name]: input.currentTarget.value })}
          />
        </div>
      ))}
      {body !== null && (
        <div class="field">
          <label for={`${id}body`}>Body</label>
          <textarea
            id={`${id}body`}
            class="mono"
            rows={Math.min(14, body.split('\n').length + 1)}
            spellcheck={false}
            value={body}
            onInput={(input) => setBody(input.currentTarget.value)}
          />
        </div>
      )}
      <p>
        <button type="submit" class="button primary small" disabled={asking}>
          {asking ? 'Asking …' : `Send ${method}`}
        </button>
      </p>
      {got !== null && (
        <div role="status">
          <p class="row small">
            <strong>{got.status}</strong>
            <span class="muted">{got.type}</span>
          </p>
          <pre class="code">{got.text}</pre>
        </div>
      )}
    </form>
  )
}

async function answerOf(
  entry: Entry,
  values: Readonly<Record<string, string>>,
  body: string | null,
): Promise<Got> {
  const headers = new Headers()
  const key = apiKey()
  if (key !== null) headers.set('Authorization', `Bearer ${key}`)
  if (body !== null) headers.set('Content-Type', 'application/json')
  try {
    for (const { name, in: place } of entry.operation.parameters ?? []) {
      const value = values[name] ?? ''
      if (place === 'header' && value !== '') headers.set(name, value)
    }
    const res = await fetch(addressOf(entry, values), { method: entry.method, headers, body })
    const type = res.headers.get('Content-Type') ?? 'no content'
    return { status: `${res.status} ${res.statusText}`, type, text: await textOf(res, type) }
  } catch (error) {
    return { status: 'No answer', type: '', text: String(error) }
  }
}

async function textOf(res: Response, type: string): Promise<string> {
  if (/\bjson\b/.test(type)) {
    const text = await res.text()
    try {
      return cut(JSON.stringify(JSON.parse(text), null, 2))
    } catch {
      return cut(text)
    }
  }
  if (type.startsWith('text/')) return cut(await res.text())
  const { size } = await res.blob()
  return size === 0 ? 'Nothing.' : `${size} bytes.`
}

function cut(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} more`
}
