import { z } from 'zod'
import { address, localParams, rao, u16 } from './schemas.js'

/**
 * Calls that only this development chain has: anybody who reaches its loopback port is root. A change is in
 * the state immediately, and part of the next block.
 */
export const adminCall = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('createSubnet'),
    netuid: u16,
    params: localParams.partial().default({}),
  }),
  z.strictObject({ name: z.literal('setParams'), netuid: u16, params: localParams.partial() }),
  /** Without burn or proof of work: accounts have no balance here. */
  z.strictObject({
    name: z.literal('register'),
    netuid: u16,
    hotkey: address,
    coldkey: address,
  }),
  z.strictObject({ name: z.literal('setStake'), netuid: u16, hotkey: address, stakeRao: rao }),
  /** null restores the rule: the largest stakes get permits. */
  z.strictObject({
    name: z.literal('setPermit'),
    netuid: u16,
    hotkey: address,
    permit: z.boolean().nullable(),
  }),
])

export type AdminCall = z.input<typeof adminCall>
