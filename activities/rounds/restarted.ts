import { setTimeout as sleep } from 'node:timers/promises'
import type { IntervalProverRow } from '../../ledger/provers/provers.js'
import { fetchInfo } from '../../wire/info.js'
import type { RoundDeps } from './round-deps.js'

/** Time between two polls. */
const LOOK_MS = 500

/**
 * Whether a prover that could not be reached answers within a block's time. Then it was being restarted, and
 * the request counts as refused, which is neither a failure nor free. Such a request is never sent again, so
 * a prover gains nothing by dropping connections.
 */
export async function isBackSoon(
  {
    chain,
    allowPrivateAddresses: allowPrivate,
  }: Pick<RoundDeps, 'chain' | 'allowPrivateAddresses'>,
  { hotkey, axonIp: ip, axonPort: port }: IntervalProverRow,
  signal: AbortSignal,
): Promise<boolean> {
  if (ip === null || port === null) return false
  const until = performance.now() + chain.blockSeconds * 1000
  for (;;) {
    const info = await fetchInfo({ address: { ip, port }, allowPrivate, signal }).catch(() => null)
    signal.throwIfAborted()
    if (info !== null) return info.hotkey === hotkey
    const left = until - performance.now()
    if (left <= 0) return false
    await sleep(Math.min(LOOK_MS, left), undefined, { signal })
  }
}
