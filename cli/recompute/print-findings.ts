import type { Finding, Found } from '../../formats/receipt/finding.js'
import { printLine } from '../output.js'

const WORDS: Record<Found, string> = { ok: 'ok', failed: 'FAILED', signed: 'signed', open: 'open' }

/** What was checked, a line each, and below it how and what came out. */
export function printFindings(findings: readonly Finding[]): void {
  for (const { what, found, text } of findings) {
    printLine(`${WORDS[found].padEnd(8)}${what}`)
    printLine(`        ${text}`)
  }
}
