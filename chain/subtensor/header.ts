import { blake2b } from '@noble/hashes/blake2.js'
import { z } from 'zod'
import { concat, fromHex, type Hex, toHex } from '../../formats/bytes.js'
import { compact } from '../scale.js'

const hash = z.string().regex(/^0x[0-9a-f]{64}$/)

/** A block's header, as JSON-RPC shows it. */
export const header = z.object({
  parentHash: hash,
  number: z.string().regex(/^0x[0-9a-f]+$/),
  stateRoot: hash,
  extrinsicsRoot: hash,
  digest: z.object({ logs: z.array(z.string().regex(/^0x([0-9a-f]{2})*$/)) }),
})

export type HeaderJson = z.infer<typeof header>

/** The hash of its block: blake2b-256 of the header's SCALE, in which each log stands as it is shown. */
export function headerHash({
  parentHash,
  number,
  stateRoot,
  extrinsicsRoot,
  digest,
}: HeaderJson): Hex {
  const bytes = (hex: string) => fromHex(hex.slice(2))
  const scale = concat(
    bytes(parentHash),
    compact(Number(number)),
    bytes(stateRoot),
    bytes(extrinsicsRoot),
    compact(digest.logs.length),
    ...digest.logs.map(bytes),
  )
  return toHex(blake2b(scale, { dkLen: 32 }))
}
