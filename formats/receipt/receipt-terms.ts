import type { Hex } from '../bytes.js'

/** Whether a hotkey signed a text with sr25519; false if anything is malformed. */
export type IsSignedBy = (hotkey: string, text: string, signature: string) => boolean

/** A video's receipt as returned by the API: everything that is checked, and what only the API says. */
export interface ReceiptTerms {
  readonly request_id: string
  /** ss58. */
  readonly prover: string
  /** ss58. */
  readonly verifier: string
  readonly netuid: number
  readonly genesis_hash: Hex
  readonly seed: number
  readonly model: string
  readonly width: number
  readonly height: number
  readonly num_frames: number
  readonly request: {
    readonly body: string
    readonly body_sha256: Hex
    readonly nonce: string
    readonly signature: string
  }
  readonly answer: {
    readonly frames_sha256: Hex
    readonly trace_root: Hex
    readonly determinism_class: string
    readonly class_sha256: Hex
    readonly model_root: Hex
    readonly signature: string
    readonly signed_text: string
  }
  readonly interval: number | null
  readonly judgment: {
    readonly state: 'judged' | 'not_judged' | 'not_yet_public'
    readonly verdict: string | null
    readonly reason_text: string | null
    /** Each check of this answer that counts in a final interval. */
    readonly checks: readonly {
      readonly kind: string
      readonly verdict: string
      readonly reason_text: string | null
      readonly interval: number
    }[]
  }
  readonly prover_caught: { readonly interval: number; readonly last_resort: boolean } | null
}
