import type { JSX } from 'preact'
export function PlaygroundPage(): JSX.Element {
  return <p>PlaygroundPage</p>
}
