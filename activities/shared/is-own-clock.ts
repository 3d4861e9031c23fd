import type { Log } from '../../base/log.js'
import type { Signer } from '../../base/sr25519.js'
import { type ClockWord, isOwnClock } from '../../rules/judge/own-failure.js'
import { askAboutClock } from '../../wire/ask-about-clock.js'
import type { AxonAddress } from '../../wire/axon-address.js'
import { clockWord, type RequestOutcome } from '../../wire/outcome.js'
import type { ClockWatch } from './clock-watch.js'

/** How many others are asked: one that accepts the stamp is enough. */
const WITNESSES = 6

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
 * Whether outcomes of one instant mean that this process's own clock is wrong. When provers call a stamp
 * stale and none of those that were asked accepted one, others are asked about it before anybody is
 * blamed: a random few, as those who were asked may all be one owner's.
 * @param others who else can be asked; called only when it matters
 */
export async function foundOwnClock(
  deps: ClockDeps,
  outcomes: readonly { hotkey: string; outcome: RequestOutcome }[],
  others: () => Promise<readonly Witness[]>,
  signal: AbortSignal,
): Promise<boolean> {
  const words = outcomes.map(({ outcome }) => clockWord(outcome))
  if (isOwnClock(words)) {
    const asked = new Set(outcomes.map(({ hotkey }) => hotkey))
    const witnesses = (await others()).filter(({ hotkey }) => !asked.has(hotkey))
    words.push(...(await testimonies(deps, witnesses, signal)))
  }
  // Who says nothing of the stamp changes nothing.
  if (words.some((word) => word !== 'silent')) deps.clock.found(isOwnClock(words))
  return isOwnClock(words)
}

async function testimonies(
  { signer, allowPrivateAddresses: allowPrivate }: ClockDeps,
  witnesses: readonly Witness[],
  signal: AbortSignal,
): Promise<ClockWord[]> {
  const few = witnesses
    .map((witness) => ({ witness, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, WITNESSES)
  return Promise.all(
    few.map(({ witness: { hotkey: receiver, address } }) =>
      askAboutClock({ address, receiver, signer, allowPrivate, signal }),
    ),
  )
}
