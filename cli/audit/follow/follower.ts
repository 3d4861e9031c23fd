import { FractalError } from '../../../base/errors.js'
import type { Chain } from '../../../chain/chain.js'
import { ChainError } from '../../../chain/errors.js'
import type { Hex } from '../../../formats/bytes.js'
import { type AuditOptions, auditOne, RecordChain } from '../audit-records.js'
import { assertSigned } from '../check-signatures.js'
import { loadInterval } from '../load-record.js'
import type { SignedRecord } from '../signed-record.js'
import { ListWatch } from './list-watch.js'
import { askListed, type Listed, type ListedRecord } from './record-list.js'

/** So long a record may stay unpublished while that of a later interval is: weights that gave way are noted as such. */
const WITHHELD_MS = 15 * 60_000

/** An interval that was audited, or something wrong beside its record. */
export interface Followed {
  readonly n: number
  readonly hash: string | null
  readonly verifier: string | null
  /** In a sentence. */
  readonly text: string
  /** Empty: all of it follows. */
  readonly findings: readonly string[]
}

export interface FollowerOptions {
  readonly api: string
  /** The first interval; null: the newest whose record can be read when it starts. */
  readonly from: number | null
  readonly audit: Omit<AuditOptions, 'chain'>
  /** The chain to compare with; null: none. */
  readonly chainOf: (genesisHash: Hex) => Promise<Chain | null>
  /** More that is looked at: challenges that are generated again. */
  readonly also: (signed: SignedRecord) => Promise<{ findings: readonly string[]; notes: string[] }>
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: () => number
}

/** Audits a verifier's intervals one after another, as their records are shown. */
export class Follower {
  readonly #options: FollowerOptions
  readonly #watch = new ListWatch()
  #records = new RecordChain()
  /** The interval that is audited next; null before the first look. */
  #next: number | null
  /** Since when a record is missing although a later one is public. */
  #missingSince: number | null = null

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#next = options.from
  }

  /**
   * What there is to tell since the last look, in the order of intervals.
   * @throws FractalError `api_unreachable`, `record_unreadable`, ChainError: nothing is wrong, look again later
   */
  async *look(): AsyncGenerator<Followed> {
    const { api } = this.#options
    const listed = await askListed(api)
    for (const { n, what } of this.#watch.look(listed)) yield alarm(n, what)
    this.#next ??= listed.records.find((line) => line.public)?.n ?? null
    for (const line of this.#due(listed)) {
      if (!line.public) {
        if (line.expired) {
          this.#next = line.n + 1
          continue
        }
        if (!this.#isWithheld(listed, line)) return
        this.#next = line.n + 1
        this.#missingSince = null
        this.#records = new RecordChain()
        yield alarm(line.n, 'is hidden: its record is withheld, though a later one is public')
        continue
      }
      this.#missingSince = null
      const followed = await this.#audited(line.n)
      this.#next = line.n + 1
      yield followed
    }
  }

  #due({ records }: Listed): ListedRecord[] {
    const next = this.#next
    return next === null ? [] : records.filter(({ n }) => n >= next).sort((a, b) => a.n - b.n)
  }

  #isWithheld({ records }: Listed, { n }: ListedRecord): boolean {
    if (!records.some((later) => later.n > n && later.public)) {
      this.#missingSince = null
      return false
    }
    const now = this.#options.elapsed()
    this.#missingSince ??= now
    return now - this.#missingSince >= WITHHELD_MS
  }

  async #audited(n: number): Promise<Followed> {
    try {
      const signed = await loadInterval(this.#options.api, n)
      return await this.#audit(n, signed)
    } catch (error) {
      // What is no record, or unsigned, is what this looks for.
      if (!(error instanceof FractalError) || error.code !== 'bad_record') throw error
      this.#records = new RecordChain()
      return alarm(n, error.message)
    }
  }

  async #audit(n: number, signed: SignedRecord): Promise<Followed> {
    const { audit, chainOf, also } = this.#options
    const { record, answers } = signed.read
    await assertSigned(signed)
    const chain = await chainOf(record.genesisHash)
    const found = await auditOne(signed, this.#records, { ...audit, chain })
    const more = await also(signed)
    this.#records.add(signed)
    const findings = [
      ...[...found.findings, ...this.#watch.check(signed)].map(
        ({ where, what }) => `${where} ${what}`,
      ),
      ...more.findings,
    ]
    const checks = answers.reduce((sum, row) => sum + row.checks.length, 0)
    const notes = [...found.notes, ...more.notes].join('; ')
    const text =
      findings.length === 0
        ? `all of it follows from its record (${answers.length} answers, ${checks} checks); ${notes}`
        : `${findings.length} ${findings.length === 1 ? 'thing does' : 'things do'} not follow: ${findings[0]}`
    return { n, hash: signed.hash, verifier: record.verifier, text, findings }
  }
}

function alarm(n: number, what: string): Followed {
  return { n, hash: null, verifier: null, text: what, findings: [what] }
}

/** Of a verifier's API that is away, starts, or is asked too often. */
const PASSING: ReadonlySet<string> = new Set([
  'api_unreachable',
  'record_unreadable',
  'record_refused',
  'record_not_public',
  'record_not_found',
])

/** Whether the next look may go better. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ChainError) return error.code !== 'StateDiscarded'
  return error instanceof FractalError && PASSING.has(error.code)
}
