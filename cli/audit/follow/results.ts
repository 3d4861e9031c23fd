import { rename, writeFile } from 'node:fs/promises'
import type { Metrics } from '../../../base/metrics.js'
import {
  AUDIT_RESULTS_VERSION,
  type AuditedInterval,
  type AuditResults,
} from '../../../formats/audit-results.js'

/** Enough for a page; a whole history is what metrics and logs are for. */
const INTERVALS_KEPT = 50
const FINDINGS_KEPT = 10

export interface ResultsOf {
  readonly by: string
  readonly software: string
  /** The chain's name, once it is known. */
  readonly chain: () => string | null
  /** Written anew whenever something changes; null: none. */
  readonly file: string | null
  /** The time of day. */
  readonly now: () => Date
  readonly metrics: Metrics
}

/** What a follower found so far: in memory, in its file, and as metrics. */
export class Results {
  readonly #results: AuditResults
  readonly #of: ResultsOf
  readonly #interval
  readonly #audited
  readonly #failures
  readonly #reached

  constructor(of: ResultsOf) {
    this.#of = of
    const at = of.now().toISOString()
    this.#results = {
      version: AUDIT_RESULTS_VERSION,
      by: of.by,
      software: of.software,
      verifier: null,
      chain: of.chain(),
      started_at: at,
      looked_at: at,
      audited: 0,
      failures: 0,
      intervals: [],
    }
    this.#interval = of.metrics.gauge(
      'fractal_audit_interval',
      'Number of the last interval that was audited',
    )
    this.#audited = of.metrics.counter(
      'fractal_audit_intervals_total',
      'Intervals that were audited',
    )
    this.#failures = of.metrics.counter(
      'fractal_audit_failures_total',
      'Intervals of which something does not follow, or that are hidden',
    )
    this.#reached = of.metrics.gauge(
      'fractal_audit_api_reached',
      'Whether the verifier’s API answered when it was last asked: 1 or 0',
    )
  }

  get failures(): number {
    return this.#results.failures
  }

  /** The API was asked for news. */
  looked(reached: boolean): void {
    this.#reached.set(reached ? 1 : 0)
    if (reached) this.#results.looked_at = this.#of.now().toISOString()
  }

  /** @param isRecord whether a record was audited; else something is wrong beside one */
  async add(
    found: Pick<AuditedInterval, 'n' | 'hash' | 'text' | 'findings'>,
    { isRecord, verifier }: { isRecord: boolean; verifier: string | null },
  ): Promise<void> {
    const results = this.#results
    const ok = found.findings.length === 0
    if (isRecord) {
      results.audited += 1
      this.#audited.inc()
      this.#interval.set(found.n)
    }
    if (!ok) {
      results.failures += 1
      this.#failures.inc()
    }
    results.verifier ??= verifier
    results.chain = this.#of.chain()
    const at = this.#of.now().toISOString()
    const findings = found.findings.slice(0, FINDINGS_KEPT)
    results.intervals = [{ ...found, findings, ok, at }, ...results.intervals].slice(
      0,
      INTERVALS_KEPT,
    )
    await this.write()
  }

  /** As it is published. */
  toJSON(): AuditResults {
    return this.#results
  }

  /** Readers never see half of it. */
  async write(): Promise<void> {
    const { file } = this.#of
    if (file === null) return
    const next = `${file}.next`
    await writeFile(next, `${JSON.stringify(this, null, 2)}\n`)
    await rename(next, file)
  }
}
