import type { RequestCaps, SizeGrid } from './sizes.js'

/** What a request's sizes and states follow from. Plain, to be sent to whoever holds no model. */
export interface ModelShape extends SizeGrid {
  caps: RequestCaps
  /** Of the latents. */
  channels: number
  /** Pixels per latent cell, in each direction. */
  scale: number
  /** As the scheduler's. */
  kept: readonly number[]
}

/** [1, C, F, h, w] */
export type LatentShape = readonly [1, number, number, number, number]
