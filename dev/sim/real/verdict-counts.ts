import { textTable } from '../../../base/text-table.js'
import { CHECK_KINDS, type CheckKind, type VerdictRow } from '../../../ledger/judging/verdicts.js'
import { VERDICTS, type Verdict } from '../../../rules/verdicts.js'

const NAMES: Record<CheckKind, string> = {
  answer: 'users’ requests that failed',
  challenge: 'challenges',
  audit: 'audits',
  spotcheck: 'spot checks',
}

/** Verdicts of all intervals of a simulation. */
export class VerdictCounts {
  readonly #counts = new Map<string, number>()
  readonly #reasons = new Map<string, number>()

  add(rows: readonly Pick<VerdictRow, 'kind' | 'verdict' | 'reason'>[]): void {
    for (const { kind, verdict, reason } of rows) {
      count(this.#counts, `${kind}/${verdict}`)
      if (verdict !== 'pass') count(this.#reasons, `${verdict} (${reason})`)
    }
  }

  /** Those that are about somebody: all but the abstained, and but the failures of users' own requests. */
  get judged(): number {
    let judged = 0
    for (const kind of CHECK_KINDS) {
      if (kind === 'answer') continue
      for (const verdict of VERDICTS) if (verdict !== 'abstained') judged += this.#of(kind, verdict)
    }
    return judged
  }

  /** A row for each kind of check, and why what did not pass did not. */
  text(): string {
    const rows = CHECK_KINDS.map((kind) => [
      NAMES[kind],
      ...VERDICTS.map((verdict) => this.#of(kind, verdict)),
    ])
    const reasons = [...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1))
    return [
      textTable(['', ...VERDICTS], rows, 'ruled'),
      ...reasons.map(([reason, times]) => `${times} × ${reason}`),
    ].join('\n')
  }

  #of(kind: CheckKind, verdict: Verdict): number {
    return this.#counts.get(`${kind}/${verdict}`) ?? 0
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
