import { textTable } from '../../base/text-table.js'
import type { Database } from '../../ledger/database.js'
import { type VerdictRow, verdictsOf } from '../../ledger/judging/verdicts.js'
import { proversOverview } from '../../ledger/provers/network.js'
import { type AttemptFacts, answersOfInterval } from '../../ledger/requests/attempts.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { GridProver } from '../grid/grid.js'
import { notedCheats } from '../villains/cheats-file.js'
import { seconds } from './pace.js'

type Answer = Pick<AttemptFacts, 'requestId' | 'kind' | 'n' | 'completedAt'>
type Check = Pick<VerdictRow, 'requestId' | 'n' | 'kind' | 'verdict' | 'decidedAt'>

/** How the checks dealt with a villain's cheating answers. */
export interface Catch {
  /** Answers that it cheated in. */
  readonly cheated: number
  /** Of these, how many were checked and judged. */
  readonly checked: number
  /** How many checks caught it, by kind of check; the first to do so comes first. */
  readonly caughtBy: ReadonlyMap<string, number>
  /**
   * From the delivery of its first cheating answer until the first verdict against it; null while there is
   * none.
   */
  readonly afterMs: number | null
  /** Intervals from the first checked one of these answers to that verdict; null while there is none. */
  readonly afterIntervals: number | null
}

/**
 * @param answers those that it cheated in
 * @param checks of these answers, and of others
 */
export function catchOf(answers: readonly Answer[], checks: readonly Check[]): Catch {
  const kinds = new Map(answers.map(({ requestId, kind }) => [requestId, kind]))
  const judged = checks
    .filter(
      ({ requestId, kind, verdict }) =>
        kinds.has(requestId) && kind !== 'answer' && verdict !== 'abstained',
    )
    .sort((a, b) => +a.decidedAt - +b.decidedAt)
  const cheats = judged.filter(({ verdict }) => verdict === 'cheat')
  const caughtBy = new Map<string, number>()
  for (const { requestId, kind } of cheats) {
    const by = checkName(kind, kinds.get(requestId)!)
    caughtBy.set(by, (caughtBy.get(by) ?? 0) + 1)
  }
  const [first] = cheats
  const delivered = answers.flatMap(({ completedAt }) => (completedAt === null ? [] : +completedAt))
  return {
    cheated: answers.length,
    checked: new Set(judged.map(({ requestId }) => requestId)).size,
    caughtBy,
    afterMs: first === undefined ? null : +first.decidedAt - Math.min(...delivered),
    afterIntervals: first === undefined ? null : first.n - judged[0]!.n,
  }
}

function checkName(kind: Check['kind'], answer: Answer['kind']): string {
  if (kind !== 'spotcheck') return kind
  return answer === 'wide' ? 'spot check of a wide request' : 'spot check of a user’s request'
}

/** Follows which answers the demo's villains cheated in, and what caught them. */
export class Catches {
  readonly #villains: readonly { name: string; hotkey: string }[]
  readonly #unread: number[] = []
  readonly #answers: AttemptFacts[] = []
  readonly #checks: VerdictRow[] = []

  constructor(
    private readonly db: Database,
    private readonly id: VerifierId,
    provers: readonly (GridProver & { hotkey: string })[],
    /** Where a villain notes its cheats. */
    private readonly fileOf: (name: string) => string,
  ) {
    this.#villains = provers.filter(({ villain }) => villain !== undefined)
  }

  /** An interval whose outcome is final, once each. */
  settled(n: number): void {
    this.#unread.push(n)
  }

  /** By the villain's name. */
  async found(): Promise<Map<string, Catch>> {
    for (const n of [...this.#unread]) {
      const answers = await answersOfInterval(this.db, this.id, n)
      const checks = await verdictsOf(this.db, this.id, n)
      this.#answers.push(...answers)
      this.#checks.push(...checks)
      this.#unread.shift()
    }
    const found = new Map<string, Catch>()
    for (const { name, hotkey } of this.#villains) {
      const noted = new Set(await notedCheats(this.fileOf(name)))
      const answers = this.#answers.filter(
        (row) => row.hotkey === hotkey && row.traceRoot !== null && noted.has(row.traceRoot),
      )
      found.set(name, catchOf(answers, this.#checks))
    }
    return found
  }

  /** What has come of each villain so far. */
  async table(): Promise<string> {
    const overview = await proversOverview(this.db, this.id)
    const found = await this.found()
    return catchTable(
      this.#villains.map(({ name, hotkey }) => {
        const row = overview.find((other) => other.hotkey === hotkey)
        const standing = {
          tier: row?.tier ?? '-',
          scorePpm: row?.scorePpm ?? 0,
          weight: row?.weight ?? 0,
        }
        return { name, ...found.get(name)!, ...standing }
      }),
    )
  }
}

interface CatchRow extends Catch {
  readonly name: string
  readonly tier: string
  readonly scorePpm: number
  readonly weight: number
}

/** A line for each villain: how often it cheated, what caught it, how soon, and what it is left with. */
export function catchTable(rows: readonly CatchRow[]): string {
  return textTable(
    ['villain', 'cheated', 'checked', 'first caught', 'caught by', 'tier', 'score', 'weight'],
    rows.map((row) => [
      row.name,
      row.cheated,
      row.checked,
      soonText(row),
      [...row.caughtBy].map(([by, count]) => `${count} × ${by}`).join(', ') || 'nothing yet',
      row.tier,
      (row.scorePpm / 1_000_000).toFixed(4),
      row.weight,
    ]),
    'ruled',
  )
}

function soonText({ afterMs, afterIntervals }: Catch): string {
  if (afterMs === null || afterIntervals === null) return '-'
  const when =
    afterIntervals === 0
      ? 'same interval'
      : `${afterIntervals} interval${afterIntervals === 1 ? '' : 's'} later`
  return `after ${seconds(afterMs)}, ${when}`
}
