import type { JSX } from 'preact'
import { useEffect, useId, useState } from 'preact/hooks'
import { apiKey, isKeyKept, maskedKey, onKeyChange, setApiKey } from '../key.js'
import { Icon } from './icons.js'

/** The current key; components that use this re-render when it changes. */
export function useKey(): string | null {
  const [key, setKey] = useState(apiKey)
  useEffect(() => onKeyChange(() => setKey(apiKey())), [])
  return key
}

/** A form for pasting a key. */
export function KeyForm(): JSX.Element {
  const id = useId()
  const [text, setText] = useState('')
  const [keep, setKeep] = useState(isKeyKept)
  const submit = (event: Event): void => {
    event.preventDefault()
    const key = text.trim()
    if (key !== '') setApiKey(key, keep)
    setText('')
  }
  return (
    <form class="key-form" aria-label="API key" onSubmit={submit}>
      <div class="field">
        <label for={id}>API key</label>
        <input
          id={id}
          type="password"
          autocomplete="off"
          spellcheck={false}
          placeholder="fk_…"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <label class="tick">
        <input
          type="checkbox"
          checked={keep}
          onChange={(event) => setKeep(event.currentTarget.checked)}
        />
        Keep it on this device (else: until this tab closes)
      </label>
      <button type="submit" class="button primary" disabled={text.trim() === ''}>
        Use this key
      </button>
      <p class="muted small">
        The demo prints one. An operator makes one: <code>fractal key create</code>. It goes to this
        server only.
      </p>
    </form>
  )
}

/** The masked key in use, with a button to forget it. */
export function KeyInUse(): JSX.Element | null {
  const key = useKey()
  if (key === null) return null
  return (
    <span class="row small muted">
      <Icon name="key" />
      <span>
        Key <span class="mono">{maskedKey(key)}</span>
        {isKeyKept() ? ', kept on this device' : ', until this tab closes'}
      </span>
      <button type="button" class="button quiet small" onClick={() => setApiKey(null)}>
        Forget it
      </button>
    </span>
  )
}
