import type { Log } from '../../base/log.js'
import type { Signer } from '../../base/sr25519.js'
import type { IntervalProverRow } from '../../ledger/provers/provers.js'
import { type ClockWord, isOwnClock } from '../../rules/judge/own-failure.js'
import { askAboutClock } from '../../wire/ask-about-clock.js'
import type { AxonAddress } from '../../wire/axon-address.js'
import type { ClockWatch } from './clock-watch.js'
import { randomFew } from './random-few.js'

interface Witness {
  readonly hotkey: string
  readonly address: AxonAddress
}

interface ClockDeps {
  readonly signer: Signer
  readonly allowPrivateAddresses: boolean
  readonly clock: ClockWatch
  readonly log: Log
}

/**
 * Whether what provers said at one instant means that this process's own clock is wrong. If provers call a
 * timestamp stale and none of those asked accepted one, others are asked before anybody is blamed: a random
 * few, because those asked so far may all belong to one owner.
 * @param others other provers that can be asked; called only if needed
 */
export async function foundOwnClock(
  deps: ClockDeps,
  said: readonly { hotkey: string; word: ClockWord }[],
  others: () => Promise<readonly Witness[]>,
  signal: AbortSignal,
): Promise<boolean> {
  const words = said.map(({ word }) => word)
  if (isOwnClock(words)) {
    const asked = new Set(said.map(({ hotkey }) => hotkey))
    const witnesses = (await others()).filter(({ hotkey }) => !asked.has(hotkey))
    words.push(...(await testimonies(deps, witnesses, signal)))
  }
  // Provers that say nothing about the timestamp don't matter.
  if (words.some((word) => word !== 'silent')) deps.clock.found(isOwnClock(words))
  return isOwnClock(words)
}

/** Those of an interval's provers that can be asked. */
export function clockWitnesses(
  provers: readonly Pick<IntervalProverRow, 'hotkey' | 'axonIp' | 'axonPort'>[],
): Witness[] {
  return provers.flatMap(({ hotkey, axonIp: ip, axonPort: port }) =>
    ip === null || port === null ? [] : [{ hotkey, address: { ip, port } }],
  )
}

async function testimonies(
  { signer, allowPrivateAddresses: allowPrivate }: ClockDeps,
  witnesses: readonly Witness[],
  signal: AbortSignal,
): Promise<ClockWord[]> {
  return Promise.all(
    randomFew(witnesses).map(({ hotkey: receiver, address }) =>
      askAboutClock({ address, receiver, signer, allowPrivate, signal }),
    ),
  )
}
