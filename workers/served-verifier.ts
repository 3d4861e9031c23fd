import { FractalError } from '../base/errors.js'
import type { Queryable } from '../ledger/database.js'
import { verifiers } from '../ledger/network.js'
import type { VerifierId } from '../ledger/verifier-id.js'

/**
 * Whose grid is meant: the hotkey that was named, else the only verifier that the ledger has on this
 * subnet.
 * @param hotkey ss58; undefined to look it up
 * @throws FractalError `no_verifier`, `several_verifiers`
 */
export async function servedVerifier(
  db: Queryable,
  netuid: number,
  hotkey: string | undefined,
): Promise<VerifierId> {
  if (hotkey !== undefined) return { netuid, verifier: hotkey }
  const [only, ...others] = (await verifiers(db)).filter((id) => id.netuid === netuid)
  if (only === undefined) {
    throw new FractalError('no_verifier', `The ledger has no verifier of subnet ${netuid} yet.`, {
      hint: 'Start the verifier first, or name its hotkey with --api.verifier.',
    })
  }
  if (others.length > 0) {
    throw new FractalError(
      'several_verifiers',
      `The ledger has ${others.length + 1} verifiers of subnet ${netuid}.`,
      {
        hint: `Name one with --api.verifier: ${[only, ...others].map((id) => id.verifier).join(', ')}`,
      },
    )
  }
  return only
}
