import { FractalError } from '../base/errors.js'
import type { Queryable } from '../ledger/database.js'
import { verifiers } from '../ledger/provers/network.js'
import type { VerifierId } from '../ledger/verifier-id.js'

/**
 * Whose grid is meant: the hotkey that was named, else the only verifier that the ledger has on this
 * subnet.
 * @param hotkey ss58; undefined to look it up
 * @param warn called when the ledger does not know the named one: it may start a moment later, or be a typo
 * @throws FractalError `bad_option`, `no_verifier`, `several_verifiers`
 */
export async function servedVerifier(
  db: Queryable,
  netuid: number,
  hotkey: string | undefined,
  warn: (message: string) => void,
): Promise<VerifierId> {
  const known = (await verifiers(db)).filter((id) => id.netuid === netuid)
  if (hotkey !== undefined) {
    if (!known.some(({ verifier }) => verifier === hotkey)) {
      await assertSs58(hotkey)
      warn(`the ledger does not know the verifier ${hotkey} of subnet ${netuid} yet`)
    }
    return { netuid, verifier: hotkey }
  }
  const [only, ...others] = known
  if (only === undefined) {
    throw new FractalError('no_verifier', `The ledger has no verifier of subnet ${netuid} yet.`, {
      hint: 'Start the verifier first, or name its hotkey with --api.verifier.',
    })
  }
  if (others.length > 0) {
    throw new FractalError(
      'several_verifiers',
      `The ledger has ${known.length} verifiers of subnet ${netuid}.`,
      { hint: `Name one with --api.verifier: ${known.map((id) => id.verifier).join(', ')}` },
    )
  }
  return only
}

/** Loaded only here: the cryptography behind it takes half a second, and a known hotkey needs none. */
async function assertSs58(hotkey: string): Promise<void> {
  const { isSs58 } = await import('../base/sr25519.js')
  if (isSs58(hotkey)) return
  throw new FractalError('bad_option', `--api.verifier: ${JSON.stringify(hotkey)} can't be used`, {
    hint: 'It takes the ss58 address of a verifier’s hotkey: 48 characters that begin with 5.',
  })
}
