import type { JSX } from 'preact'
export function ProverPage(): JSX.Element {
  return <p>ProverPage</p>
}
