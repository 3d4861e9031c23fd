import type { JSX } from 'preact'
import type { ReceiptCheck, SignedLine } from '../../formats/receipt/check-receipt.js'
import { conclusionOf } from '../../formats/receipt/conclusion.js'
import type { Finding, Found } from '../../formats/receipt/finding.js'
import type { Receipt } from '../api-types.js'
import { Icon, type IconName } from '../parts/icons.js'
import { Notice } from '../parts/notice.js'
import { RawFrame } from './raw-frame.js'

const ICONS: Record<Found, IconName> = {
  ok: 'check',
  failed: 'cross',
  signed: 'dash',
  open: 'question',
}
const WORDS: Record<Found, string> = {
  ok: 'checked',
  failed: 'failed',
  signed: 'signed',
  open: 'open',
}
const CLASSES: Record<Found, string> = {
  ok: 'verdict-pass',
  failed: 'verdict-cheat',
  signed: 'muted',
  open: 'muted',
}

/** Line by line: what was checked, the result, and what it means. */
export function CheckResult({
  receipt,
  check,
  frames,
}: {
  receipt: Receipt
  check: ReceiptCheck
  frames: readonly Uint8Array[]
}): JSX.Element {
  const failed = [...check.findings, ...check.lines].filter(({ found }) => found === 'failed')
  const conclusion = conclusionOf(receipt)
  return (
    <div class="stack tight">
      {check.holds ? (
        <Notice tone={conclusion.tone} title={conclusion.title} role="status">
          <p class="muted">{conclusion.text}</p>
        </Notice>
      ) : (
        <Notice tone="bad" title="The receipt does not hold" role="alert">
          <p class="muted">
            {failed.length === 1 ? 'One check' : `${failed.length} checks`} failed. Do not trust
            this video to be what its prover signed.
          </p>
        </Notice>
      )}
      <ul class="findings">
        {check.findings.map((finding) => (
          <li key={finding.id} class={CLASSES[finding.found]}>
            <Icon name={ICONS[finding.found]} />
            <div>
              <strong>{finding.what}</strong> <Said found={finding.found} />
              <p class="muted small">{finding.text}</p>
            </div>
          </li>
        ))}
      </ul>
      <details open={!check.holds}>
        <summary>The signed text, line by line</summary>
        <table class="cards signed">
          <caption class="hidden-but-read">The ten lines that the prover signed</caption>
          <tbody>
            {check.lines.map((line) => (
              <Line key={line.id} line={line} />
            ))}
          </tbody>
        </table>
      </details>
      <details>
        <summary>The request that the prover got</summary>
        <pre class="wrap">
          <code>{receipt.request.body}</code>
        </pre>
      </details>
      <details>
        <summary>The {frames.length} frames that were hashed</summary>
        <div class="film still">
          {frames.map((frame, i) => (
            <RawFrame
              key={i}
              rgb={frame}
              width={receipt.width}
              height={receipt.height}
              name={`Frame ${i + 1}`}
            />
          ))}
        </div>
        <p class="muted small note">
          The MP4 above was made from these for viewing; no hash covers it, because it is lossy.
        </p>
      </details>
    </div>
  )
}

function Said({ found }: { found: Finding['found'] }): JSX.Element {
  return <span class="said small">{WORDS[found]}</span>
}

function Line({ line }: { line: SignedLine }): JSX.Element {
  return (
    <tr>
      <th scope="row">{line.what}</th>
      <td class="mono full wide">{line.value}</td>
      <td class={`wide ${CLASSES[line.found]}`}>
        <span class="state small">
          <Icon name={ICONS[line.found]} />
          {WORDS[line.found]}
        </span>
        <span class="muted small"> {line.text}</span>
      </td>
    </tr>
  )
}
