import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { phaseKey } from '../temporal/search-attributes.js'

/** Verdict counts of a round or of an interval. */
export interface VerdictCounts {
  pass: number
  cheat: number
  fail: number
  unproven: number
  abstained: number
}

/** What an operator sees of a running interval in Temporal's UI: phase, rounds, verdicts, what is stuck. */
export class IntervalBoard {
  phase = 'open'
  readonly stuck = new Map<string, string>()
  readonly #lines = new Map<string, string>()

  constructor(readonly n: number) {}

  enter(phase: string): void {
    this.phase = phase
    upsertSearchAttributes([{ key: phaseKey, value: phase }])
    this.#show()
  }

  note(topic: string, text: string): void {
    this.#lines.set(topic, text)
    this.#show()
  }

  park(item: string, why: string): void {
    this.stuck.set(item, why)
    this.#show()
  }

  unpark(item: string): void {
    if (this.stuck.delete(item)) this.#show()
  }

  #show(): void {
    const lines = [`**Interval ${this.n}**: ${this.phase}`]
    for (const [topic, text] of this.#lines) lines.push(`- ${topic}: ${text}`)
    for (const [item, why] of this.stuck) {
      lines.push(`- stuck: ${item}: ${why} (send the update \`retryFailed\` to try it again)`)
    }
    setCurrentDetails(lines.join('\n'))
  }
}

/** `3 pass, 1 cheat`; kinds that did not occur are left out. */
export function showCounts(counts: VerdictCounts): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0)
  return parts.length === 0
    ? 'none'
    : parts.map(([verdict, count]) => `${count} ${verdict}`).join(', ')
}
