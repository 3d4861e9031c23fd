import type { JSX } from 'preact'
import { CopyButton } from '../parts/copy.js'

/** What to type. */
export function Command({ text }: { text: string }): JSX.Element {
  return (
    <div class="row">
      <pre class="wrap">
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what="command" />
    </div>
  )
}
