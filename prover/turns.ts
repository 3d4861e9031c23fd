import { comparePriority, type Priority } from './admission.js'

/** What decides on a request's turn. */
export interface Turn {
  readonly caller: string
  readonly priority: Priority
  /** steps · frames · width · height */
  readonly work: number
}

/**
 * The work that each caller with a permit was given, so that whoever was given least goes next
 * (start-time fair queueing): neither many requests nor large ones buy more than an equal share.
 */
export class Shares {
  private readonly given = new Map<string, number>()
  /** Where the caller that was served last began: who comes back has no credit for the time away. */
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

/** Requests in the order of their turns: a permit, then the smaller share, then stake, then arrival. */
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
