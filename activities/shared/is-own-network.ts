import type { IntervalProverRow } from '../../ledger/provers/provers.js'
import { isOwnNetwork, type ReachedProver } from '../../rules/judge/own-failure.js'
import { WireError } from '../../wire/error.js'
import { fetchInfo } from '../../wire/info.js'
import { axonNetwork } from './axon-network.js'
import { randomFew } from './random-few.js'

/**
 * Whether this process's own network failed, if nobody of those asked at one instant could be reached. A random few others
 * are asked: those that were may be too few to tell, or silent together.
 * @param others provers of the interval
 */
export async function foundOwnNetwork(
  { allowPrivateAddresses: allowPrivate }: { readonly allowPrivateAddresses: boolean },
  asked: readonly ReachedProver[],
  others: readonly Pick<IntervalProverRow, 'hotkey' | 'coldkey' | 'axonIp' | 'axonPort'>[],
  signal: AbortSignal,
): Promise<boolean> {
  if (asked.length === 0 || asked.some(({ reached }) => reached)) return false
  const known = new Set(asked.map(({ hotkey }) => hotkey))
  const able = others.filter(({ hotkey, axonIp }) => axonIp !== null && !known.has(hotkey))
  // One that answers is enough: nobody waits for the others.
  const enough = new AbortController()
  const either = AbortSignal.any([signal, enough.signal])
  const looks = randomFew(able).map(async (prover): Promise<ReachedProver[]> => {
    const { hotkey, coldkey, axonIp: ip, axonPort: port } = prover
    const address = { ip: ip!, port: port! }
    const look = fetchInfo({ address, allowPrivate, signal: either })
    const reached = await look.then(() => true, isReached)
    if (enough.signal.aborted) return []
    if (reached) enough.abort()
    return reached === null ? [] : [{ hotkey, coldkey, network: axonNetwork(ip!), reached }]
  })
  const seen = (await Promise.all(looks)).flat()
  signal.throwIfAborted()
  return isOwnNetwork([...asked, ...seen])
}

/** Whatever it answers: it is there. Null: it was not asked, because its address is refused. */
function isReached(error: unknown): boolean | null {
  if (!(error instanceof WireError) || error.code === 'address_refused') return null
  return error.code !== 'unreachable'
}
