import { comparePriority, type Priority } from './admission.js'

/** What determines a request's turn. */
export interface Turn {
  readonly caller: string
  readonly priority: Priority
  /** steps · frames · width · height */
  readonly work: number
}

/**
 * The work done for each caller with a permit, so that the one with the least goes next (start-time fair
 * queueing): neither many requests nor large ones get more than an equal share.
 */
export class Shares {
  private readonly given = new Map<string, number>()
  /** Start value of the caller served last: a returning caller gets no credit for its absence. */
  private floor = 0

  of(caller: string): number {
    return Math.max(this.given.get(caller) ?? 0, this.floor)
  }

  charge({ caller, work }: Turn): void {
    this.floor = this.of(caller)
    this.given.set(caller, this.floor + work)
    for (const [known, given] of this.given) {
      if (given <= this.floor) this.given.delete(known)
    }
  }
}

/** Requests in order of their turns: permit, then smaller share, then stake, then arrival. */
export function inTurn<T extends Turn>(waiting: readonly T[], shares: Shares): T[] {
  const left = [...waiting]
  const planned = new Map<string, number>()
  const shareOf = ({ caller, priority }: T) =>
    priority.permit ? (planned.get(caller) ?? shares.of(caller)) : 0
  const goesFirst = (a: T, b: T) => {
    if (a.priority.permit !== b.priority.permit) return a.priority.permit
    const [ofA, ofB] = [shareOf(a), shareOf(b)]
    return ofA === ofB ? comparePriority(a.priority, b.priority) < 0 : ofA < ofB
  }
  const order: T[] = []
  while (left.length > 0) {
    const next = left.reduce((first, one) => (goesFirst(one, first) ? one : first))
    left.splice(left.indexOf(next), 1)
    order.push(next)
    planned.set(next.caller, shareOf(next) + next.work)
  }
  return order
}
