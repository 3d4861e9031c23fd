import { inTurn, type Shares, type Turn } from './turns.js'

/** The requests in flight. */
export interface InFlight<T extends Turn> {
  readonly running: T | null
  /** In the order of arrival. */
  readonly waiting: readonly T[]
}

/** Whether a request gets a place, and who gives way to it. */
type Placing<T> = { taken: false } | { taken: true; evicted: readonly T[] }

const NONE = { taken: false } as const

/**
 * Callers with a permit set the weights, so they come first: each may hold as many places as were
 * declared to it, whatever others hold, unless twice as many requests go before its own. With turns by
 * share that is never so for whoever was served least, and the rest still keeps the deadline of
 * 3 · (capacity + 1) times the work. Callers without one take what is free, one place each, and never
 * all; they give way to a permit, also at work: a challenge may have to be done in 1.3 times its own time.
 */
export function placeFor<T extends Turn>(
  request: T,
  { running, waiting }: InFlight<T>,
  capacity: number,
  shares: Shares,
): Placing<T> {
  const inFlight = running === null ? waiting : [running, ...waiting]
  const strangers = inFlight.filter(({ priority }) => !priority.permit)
  const own = inFlight.filter(({ caller }) => caller === request.caller).length
  if (!request.priority.permit) {
    const reserved = inFlight.length >= capacity || strangers.length >= Math.max(1, capacity - 1)
    return reserved || own > 0 ? NONE : { taken: true, evicted: [] }
  }
  const before = inTurn([...waiting, request], shares).indexOf(request)
  const ahead = running?.priority.permit ? before + 1 : before
  if (own >= capacity || ahead >= 2 * capacity) return NONE
  const tooMany = inFlight.length + 1 - capacity
  const newest = strangers.reverse().slice(0, Math.max(0, tooMany))
  const atWork = running !== null && !running.priority.permit && !newest.includes(running)
  return { taken: true, evicted: atWork ? [running, ...newest] : newest }
}
