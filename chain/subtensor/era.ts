import { ChainError } from '../errors.js'

/** The blocks that may include an extrinsic, and how its bytes say so. */
export interface Era {
  /** The block whose hash is signed: the first that may include it. */
  first: number
  last: number
  bytes: Uint8Array
}

/**
 * The mortal era of so many blocks that holds `current`, from `current` on or, for more than 4096
 * blocks, from up to 15 blocks before. Source: `Era::mortal` of sp_runtime.
 * @param period a power of two, 4 … 65536
 * @throws ChainError `invalid_era`
 */
export function mortalEra(period: number, current: number): Era {
  if (!(period >= 4 && period <= 65536 && Number.isInteger(Math.log2(period)))) {
    const message = `an era of ${period} blocks: it has to be a power of two, 4 … 65536`
    throw new ChainError('invalid_era', message)
  }
  const step = Math.max(period >> 12, 1)
  const phase = Math.floor((current % period) / step) * step
  const first = current - ((current % period) - phase)
  const encoded = (Math.log2(period) - 1) | ((phase / step) << 4)
  const bytes = Uint8Array.of(encoded & 0xff, encoded >> 8)
  return { first, last: first + period - 1, bytes }
}
