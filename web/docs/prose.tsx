import type { JSX } from 'preact'

/** An OpenAPI description: paragraphs, and code between backticks. */
export function Prose({ text }: { text: string }): JSX.Element {
  return (
    <div class="prose">
      {text.split(/\n+/).map((paragraph) => (
        <p key={paragraph}>
          <Inline text={paragraph} />
        </p>
      ))}
    </div>
  )
}

export function Inline({ text }: { text: string }): JSX.Element {
  return (
    <>
      {text
        .split('`')
        .map((part, i) => (i % 2 === 1 ? <code key={`${i} ${part}`}>{part}</code> : part))}
    </>
  )
}
