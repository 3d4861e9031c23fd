import type { SeededRandom } from './random.js'

/**
 * A request as its prover sees it. Villains know more than the wire tells: whether it belongs to a wide round,
 * and whether it counts. That makes them stronger than they can be.
 */
export interface Offer {
  readonly nowMs: number
  /** The interval. */
  readonly n: number
  readonly verifier: number
  readonly isWide: boolean
  readonly counted: boolean
  readonly isUncommon: boolean
  /** Sent by a friend of the prover's, to keep it busy. */
  readonly isFriends: boolean
}

/** What a prover remembers. */
export interface Mind {
  /** Requests in flight at this hotkey. */
  readonly inFlight: number
  /** The interval in which an answer of its was opened last; 0: none was. */
  readonly openedIn: number
}

/**
 * What it does with a request. `time`: of an honest generation's, as a share; `broken`: steps of 25 that do not
 * follow from the one before. `stall`: accepts it and answers never. `hold`: answers at the deadline, without work.
 */
export type Act =
  | { readonly do: 'serve'; readonly time: number; readonly broken: number }
  | { readonly do: 'refuse' }
  | { readonly do: 'stall' }
  | { readonly do: 'hold' }

export interface Behaviour {
  readonly name: string
  /** Of one owner, on the same GPUs. */
  readonly hotkeys: number
  /** That there are. */
  readonly gpus: number
  /** That each hotkey says it has. */
  readonly declares: number
  /** Time of a generation, of an ordinary GPU's. */
  readonly slowness: number
  /** What becomes of requests that can't be done in time: refused, accepted and forgotten, or done too late. */
  readonly beyond: 'refuse' | 'silent' | 'late'
  /** Requests that fail by accident, as a share. */
  readonly flaky: number
  /** One interval in so many it is switched off; 0: never. */
  readonly offEvery: number
  readonly refusesOpenings: boolean
  /** It names, and signs, a determinism class that no verifier computes. */
  readonly ownClass: boolean
  /** It has no GPU and asks another prover, which serves strangers (`open`) or only who may set weights (`permit`). */
  readonly relays: 'open' | 'permit' | null
  /** It shows `taken` of requests that it has done already. */
  readonly showsOldTaken: boolean
  /** A friend keeps it full of requests that don't count. */
  readonly isShielded: boolean
  /** The fewest verifiers among whom it makes sense. */
  readonly verifiers: number
  /** It may earn more than 1.1 of an honest GPU, being nothing but honest GPUs. */
  readonly isHonestFront: boolean
  readonly act: (offer: Offer, mind: Mind, random: SeededRandom) => Act
}

export const SERVE: Act = { do: 'serve', time: 1, broken: 0 }
export const REFUSE: Act = { do: 'refuse' }
/** Frames from somewhere: no step follows. */
export const FAKE: Act = { do: 'serve', time: 0.02, broken: 25 }

const HONEST: Omit<Behaviour, 'name'> = {
  hotkeys: 1,
  gpus: 1,
  declares: 1,
  slowness: 1,
  beyond: 'refuse',
  flaky: 0,
  offEvery: 0,
  refusesOpenings: false,
  ownClass: false,
  relays: null,
  showsOldTaken: false,
  isShielded: false,
  verifiers: 1,
  isHonestFront: false,
  act: () => SERVE,
}

export function behaviour(name: string, differs: Partial<Behaviour> = {}): Behaviour {
  return { ...HONEST, ...differs, name }
}
