export const AUDIT_RESULTS_VERSION = 'fractal-audit-results/1'

/** One interval that somebody audited; or one that should have been there, and was not. */
export interface AuditedInterval {
  n: number
  /** Of its record; null where there was none to read. */
  hash: string | null
  /** All of it follows. */
  ok: boolean
  /** ISO 8601, by the auditor's clock. */
  at: string
  /** What came out, in a sentence. */
  text: string
  /** What does not follow, the first few. */
  findings: string[]
}

/** What `fractal audit --follow` found so far, as it writes and serves it. Its auditor's word: nothing signs it. */
export interface AuditResults {
  version: typeof AUDIT_RESULTS_VERSION
  /** Who ran it, in their own words. */
  by: string
  /** The version of Fractal that checked. */
  software: string
  /** Whose records: ss58; null before the first. */
  verifier: string | null
  /** With what the weights were compared: the network's name; null: with nothing. */
  chain: string | null
  started_at: string
  /** When the API was last asked for news. */
  looked_at: string
  /** Since it was started. */
  audited: number
  failures: number
  /** Newest first. */
  intervals: AuditedInterval[]
}
