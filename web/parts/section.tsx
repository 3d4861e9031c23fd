import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

/** A part of a page with a heading of its own. */
export function Section({
  title,
  aside,
  of,
  children,
}: {
  title: string
  /** Beside the heading. */
  aside?: ComponentChildren
  /** The page's own class for it. */
  of?: string
  children: ComponentChildren
}): JSX.Element {
  const heading = useId()
  return (
    <section class={`card ${of ?? ''}`} aria-labelledby={heading}>
      <div class="card-head">
        <h2 id={heading}>{title}</h2>
        {aside}
      </div>
      <div class="card-body">{children}</div>
    </section>
  )
}

/** The top of a page: its title and what it is in a sentence. */
export function PageHead({
  title,
  aside,
  children,
}: {
  title: ComponentChildren
  aside?: ComponentChildren
  children?: ComponentChildren
}): JSX.Element {
  return (
    <div class="head">
      <div class="row spread">
        <h1>{title}</h1>
        {aside}
      </div>
      {children}
    </div>
  )
}

/** A number that stands for itself. */
export function Fact({
  name,
  children,
}: {
  name: string
  children: ComponentChildren
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
