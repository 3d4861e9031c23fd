import { CAPACITY_PER_GPU } from '../rules/constants.js'
import type { Turn } from './turns.js'

/** The requests in flight. */
export interface InFlight<T extends Turn> {
  /** At most one per GPU. */
  readonly running: readonly T[]
  /** In order of arrival. */
  readonly waiting: readonly T[]
}

/** Whether a request gets a place, and which requests give way to it. */
type Placing<T> = { taken: false } | { taken: true; evicted: readonly T[] }

const NONE = { taken: false } as const

/**
 * There are two places per GPU: one running, one waiting. Callers with a permit set the weights, so they come
 * first: they take any place that no other caller with a permit holds. Callers without one take what is free,
 * one place each, and never all; they give way to a permit, even while running.
 * @param gpus number of GPUs in service
 */
export function placeFor<T extends Turn>(
  request: T,
  { running, waiting }: InFlight<T>,
  gpus: number,
): Placing<T> {
  const capacity = CAPACITY_PER_GPU * gpus
  const inFlight = [...running, ...waiting]
  const strangers = inFlight.filter(({ priority }) => !priority.permit)
  if (!request.priority.permit) {
    const isFull = inFlight.length >= capacity || strangers.length >= capacity - 1
    const hasOne = inFlight.some(({ caller }) => caller === request.caller)
    return isFull || hasOne ? NONE : { taken: true, evicted: [] }
  }
  const permitted = inFlight.length - strangers.length
  if (permitted >= capacity) return NONE
  const newest = strangers.reverse().slice(0, Math.max(0, inFlight.length + 1 - capacity))
  const atWork = running.filter((one) => !one.priority.permit && !newest.includes(one))
  // Of the running ones, as many as callers with a permit need GPUs.
  const leaving = Math.max(0, permitted + 1 + atWork.length - gpus)
  return { taken: true, evicted: [...atWork.reverse().slice(0, leaving), ...newest] }
}
