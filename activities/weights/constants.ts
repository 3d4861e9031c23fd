/**
 * Mortality of a weights extrinsic, in blocks (mechanism section 6). The pool drops one that misses its
 * block, and while it may still be included, we have to wait for it.
 */
export const ERA_BLOCKS = 16

/**
 * Incremented when the meaning of our weights changes; a subnet that requires a higher one requires newer
 * software.
 */
export const VERSION_KEY = 1

/** Why nothing can be done yet, and until which block when one is known. */
export interface Wait {
  readonly why: string
  readonly until?: number
}

/** What a step of setting weights leaves: the next one immediately, or after a wait. */
export type AfterStep = { after: 'immediately' } | ({ after: 'waiting' } & Wait)
