import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

/** A part of a page with its own heading. */
export function Section({
  title,
  aside,
  of,
  children,
}: {
  title: string
  /** Next to the heading. */
  aside?: ComponentChildren
  /** An extra CSS class. */
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

/** The top of a page: its title, and one sentence about it. */
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

/** A single number with its name. */
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
