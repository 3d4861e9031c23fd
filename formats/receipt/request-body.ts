import { type Finding, finding } from './finding.js'
import type { ReceiptTerms } from './receipt-terms.js'

/** The request that a prover received, as far as it can be parsed; untrusted. */
export interface ReadBody {
  readonly request_id?: unknown
  readonly query?: unknown
  readonly private_input?: { readonly negative_prompt?: unknown }
  readonly sampling_params?: Readonly<Record<string, unknown>>
  readonly model?: unknown
}

export function readBody(text: string): ReadBody | null {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as ReadBody) : null
  } catch {
    return null
  }
}

/** Checks that the receipt's own fields agree with the request. */
export function compareTold(receipt: ReceiptTerms): Finding {
  const body = readBody(receipt.request.body)
  const given = body?.sampling_params ?? {}
  const told: readonly (readonly [string, unknown, unknown])[] = [
    ['request_id', receipt.request_id, body?.request_id],
    ['seed', receipt.seed, given.seed],
    ['model', receipt.model, body?.model],
    ['width', receipt.width, given.width],
    ['height', receipt.height, given.height],
    ['num_frames', receipt.num_frames, given.num_frames],
  ]
  const other = told.filter(([, here, there]) => here !== there).map(([name]) => name)
  return finding(
    'told',
    'The receipt tells the request that was sent',
    other.length === 0,
    'Its id, seed, model, size and number of frames are the request’s.',
    `The request says something else than the receipt’s ${other.join(', ')}.`,
  )
}
