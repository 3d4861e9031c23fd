import type { JSX } from 'preact'
import { short } from '../format.js'
import { CopyButton } from './copy.js'

/** A prover, shortened; its page behind it, the whole hotkey to copy and in the title. */
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

/** A hash or a signature, whole: it wraps. */
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
