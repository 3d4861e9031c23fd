import type { JSX } from 'preact'
import { short } from '../format.js'
import { CopyButton } from './copy.js'

/**
 * A shortened hotkey that links to its prover's page; the whole hotkey is in the title and can be copied.
 */
export function Hotkey({ hotkey, link = true }: { hotkey: string; link?: boolean }): JSX.Element {
  return (
    <span class="hotkey mono">
      {link ? (
        <a href={`/provers/${hotkey}`} title={hotkey}>
          {short(hotkey)}
        </a>
      ) : (
        <span title={hotkey}>{short(hotkey)}</span>
      )}
      <CopyButton text={hotkey} what="hotkey" />
    </span>
  )
}

/** A whole hash or signature, which may wrap. */
export function Hash({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="full">{value}</span>
        <CopyButton text={value} what={name} />
      </dd>
    </div>
  )
}
