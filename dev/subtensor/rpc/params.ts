import { z } from 'zod'
import type { Block, DevChain } from '../chain.js'
import type { StorageHex, StorageView } from '../storage.js'
import { RpcError } from './error.js'

export const hex = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/)
  .transform((text) => text.toLowerCase() as StorageHex)
export const hash = hex.nullish()

const INVALID_PARAMS = -32602
const STATE_ERROR = 4003

/** @throws RpcError -32602 */
export function parse<T extends z.ZodType>(
  schema: T,
  params: readonly unknown[],
  at: number,
): z.output<T> {
  const parsed = schema.safeParse(params[at])
  if (parsed.success) return parsed.data
  throw new RpcError(INVALID_PARAMS, 'Invalid params', `parameter ${at} is of another kind`)
}

/** The block of a hash at this place of the parameters, or the head. */
export function blockOf(
  chain: DevChain,
  params: readonly unknown[],
  at: number,
): Block | undefined {
  const given = parse(hash, params, at)
  return given === null || given === undefined ? chain.head : chain.block(given)
}

/** @throws RpcError 4003 for a block that is unknown or whose state is discarded */
export function stateOf(
  chain: DevChain,
  params: readonly unknown[],
  at: number,
): { block: Block; state: StorageView } {
  const block = blockOf(chain, params, at)
  if (block === undefined) {
    const why = `Header was not found in the database: ${params[at]}`
    throw new RpcError(STATE_ERROR, `Client error: UnknownBlock: ${why}`)
  }
  const state = chain.stateAt(block)
  if (state === null) {
    const why = `State already discarded for ${block.hash}`
    throw new RpcError(STATE_ERROR, `Client error: UnknownBlock: ${why}`)
  }
  return { block, state }
}
