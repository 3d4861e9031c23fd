import type { JSX } from 'preact'
import type { NetworkSummary } from '../api-types.js'
import { CopyButton } from '../parts/copy.js'

/** What to type. */
export function Command({ text }: { text: string }): JSX.Element {
  return (
    <div class="row">
      <pre class="wrap">
        <code>
          {text.split(' ').flatMap((word, i) => [i === 0 ? '' : ' ', <Word key={i} text={word} />])}
        </code>
      </pre>
      <CopyButton text={text} what="command" />
    </div>
  )
}

/** Whole on a line where it fits: a break after a hyphen would look like two words. */
function Word({ text }: { text: string }): JSX.Element {
  return <span class="word">{text}</span>
}

/** How to audit what this API serves, on the chain that its operator names. @param what an interval, or `--follow` */
export function auditCommand(what: string, chain: NetworkSummary['chain']): string {
  return [
    `npx fractal audit ${what} --api ${location.origin}`,
    ...(chain === null || chain.network === 'local'
      ? []
      : [`--subtensor.network ${chain.network}`]),
    ...(chain?.endpoint == null ? [] : [`--subtensor.chain_endpoint ${chain.endpoint}`]),
  ].join(' ')
}
