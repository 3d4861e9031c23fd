import type { Finding } from '../../../rules/audit/finding.js'
import type { SignedRecord } from '../signed-record.js'
import type { Listed, ListedRecord } from './record-list.js'

/** Of so many intervals it is kept what was told of them. */
const KEPT = 5_000

/** Something wrong with what a verifier tells, found beside its records. */
export interface Alarm {
  readonly n: number
  readonly what: string
}

/** Keeps what a verifier told, and says when it tells something else later: only who watches can know. */
export class ListWatch {
  readonly #hashes = new Map<number, string>()
  readonly #commitments = new Map<number, string>()
  /** Of the commitment that it tells now an alarm was raised. */
  #disowned: string | null = null

  /** What it tells now. @returns what it told otherwise before */
  look({ records, commitment }: Listed): Alarm[] {
    const alarms = [...this.#vanished(records), ...records.flatMap((line) => this.#changed(line))]
    if (commitment !== null) alarms.push(...this.#committed(commitment))
    for (const kept of [this.#hashes, this.#commitments]) {
      for (const n of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(n)
    }
    return alarms
  }

  /** What a record says otherwise than its verifier told while the intervals ran. */
  check({ hash, read: { record } }: SignedRecord): Finding[] {
    const listed = this.#hashes.get(record.n)
    const told = [
      { n: record.n, said: record.commitment, where: 'commitment' },
      { n: record.n + 1, said: record.nextCommitment, where: 'next_commitment' },
    ]
    return [
      ...(listed === undefined || listed === hash
        ? []
        : [{ where: 'record', what: `has the hash ${hash}, but is listed with ${listed}` }]),
      ...told.flatMap(({ n, said, where }) => {
        const before = this.#commitments.get(n)
        if (before === undefined || said === null || said.secretSha256 === before) return []
        return [
          {
            where,
            what: `is to the secret ${said.secretSha256}, but ${before} was published before: it drew again`,
          },
        ]
      }),
    ]
  }

  #vanished(records: readonly ListedRecord[]): Alarm[] {
    const oldest = records.at(-1)?.n ?? Number.POSITIVE_INFINITY
    const listed = new Set(records.map(({ n }) => n))
    const gone = [...this.#hashes].filter(([n]) => n >= oldest && !listed.has(n))
    return gone.map(([n, hash]) => {
      this.#hashes.delete(n)
      return { n, what: `is no longer listed: its record had the hash ${hash}` }
    })
  }

  #changed({ n, hash }: ListedRecord): Alarm[] {
    const before = this.#hashes.get(n)
    this.#hashes.set(n, hash)
    return before === undefined || before === hash
      ? []
      : [{ n, what: `has two records: ${before} was listed before, ${hash} now` }]
  }

  #committed({ n, secretSha256 }: NonNullable<Listed['commitment']>): Alarm[] {
    const before = this.#commitments.get(n)
    // The first binds it.
    this.#commitments.set(n, before ?? secretSha256)
    if (before === undefined || before === secretSha256 || this.#disowned === secretSha256)
      return []
    this.#disowned = secretSha256
    return [{ n, what: `has two commitments: ${before} was published before, ${secretSha256} now` }]
  }
}
