/**
 * How many blocks a weights extrinsic lives (mechanism section 6). The pool drops one that misses its block, and
 * what may still be included has to be waited for.
 */
export const ERA_BLOCKS = 16

/** Grows when what our weights mean changes; a subnet that asks for a higher one wants newer software. */
export const VERSION_KEY = 1

/** What a step of setting weights leaves: the next one immediately, or after a wait for this reason. */
export type AfterStep = { after: 'immediately' } | { after: 'waiting'; why: string }
