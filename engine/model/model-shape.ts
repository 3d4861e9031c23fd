import type { RequestCaps, SizeGrid } from './sizes.js'

/**
 * What the sizes and states of a request depend on. Plain data, for threads and processes that don't have the
 * model.
 */
export interface ModelShape extends SizeGrid {
  caps: RequestCaps
  /** Channels of the latents. */
  channels: number
  /** Pixels per latent cell, in each direction. */
  scale: number
  /** Same as `Scheduler.kept`. */
  kept: readonly number[]
}

/** [1, C, F, h, w] */
export type LatentShape = readonly [1, number, number, number, number]
