import { z } from 'zod'
import { isSs58 } from '../../base/sr25519.js'

/** Schemas for both sides of the local chain's RPC: the node in `dev/localnet/` and the client here. */

export const count = z.int().min(0)
export const u16 = z.int().min(0).max(65535)
export const address = z.string().refine(isSs58, 'not an ss58 address with prefix 42')
/** Text, because it can exceed what a JSON number holds exactly. */
export const rao = z.string().regex(/^(0|[1-9][0-9]{0,19})$/, 'not an amount of rao in decimal')

export const localParams = z.strictObject({
  tempo: z.int().min(1),
  weightsRateLimit: count,
  weightsVersionKey: count,
  minAllowedWeights: u16,
  maxWeightLimit: u16,
  commitReveal: z.boolean(),
  timelocked: z.boolean(),
  /** After how many blocks the chain learns of a beacon round; there is one round per block. */
  roundLag: count,
  revealPeriodEpochs: z.int().min(1).max(100),
  immunityPeriod: count,
  maxUids: z.int().min(1).max(4096),
  /** How many neurons get a permit by stake. */
  maxValidators: u16,
  minStakeRao: rao,
  servingRateLimit: count,
  ownerHotkey: address.nullable(),
})

export type LocalParams = z.infer<typeof localParams>
