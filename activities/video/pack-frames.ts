import { randomInt } from 'node:crypto'
import type { FrameRow } from '../../ledger/requests/frames.js'
import { deflateFrame } from '../../wire/frame-codec.js'

/** One of so many frames is compressed here, to see whether a prover's own bytes are larger than they need be. */
const LOOKED_AT = 8
/** By how much more than ours they may be: encoders differ. */
const MOST_PERCENT = 110

/** A frame that arrived, and was checked. */
export interface ArrivedFrame {
  /** From 1. */
  readonly index: number
  readonly rgb: Uint8Array
  /** What the prover sent for it, RFC 1950. */
  readonly zlib: Uint8Array
}

/**
 * The frames of one answer as the ledger keeps them: as the prover compressed them, because compressing a large video takes
 * seconds of a processor. A prover that would fill our disk with bytes that hardly compress anything is soon noticed: from
 * then on its frames are compressed here.
 * @param isLookedAt whether to compare this one; at random, so that a prover can't tell which
 */
export class FramePacker {
  #isBloated = false

  constructor(private readonly isLookedAt = () => randomInt(LOOKED_AT) === 0) {}

  async pack({ index, rgb, zlib }: ArrivedFrame): Promise<FrameRow> {
    if (!this.#isBloated && !this.isLookedAt()) return { index, zlib }
    const ours = await deflateFrame(rgb)
    if (zlib.length * 100 > ours.length * MOST_PERCENT) this.#isBloated = true
    return { index, zlib: ours.length < zlib.length ? ours : zlib }
  }
}
