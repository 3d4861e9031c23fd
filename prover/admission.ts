/** What the metagraph says about a caller with a valid signature. */
export interface CallerStanding {
  /** Whether it may set weights: it has a validator permit, or is the subnet's owner. */
  validatorPermit: boolean
  /** Stake weight on the subnet, in rao. */
  stakeRao: bigint
}

/** Null for a hotkey that is not registered on the subnet. */
export type CallerLookup = (hotkey: string) => Promise<CallerStanding | null>

export interface Blacklist {
  /** `--blacklist.force_verifier_permit`: only neurons with a validator permit may send requests. */
  forceVerifierPermit: boolean
  /** `--blacklist.allow_non_registered`: anybody with a key may send requests; dangerous. */
  allowNonRegistered: boolean
}

/** Who goes first: neurons with a permit, then by stake. */
export interface Priority {
  permit: boolean
  stakeRao: bigint
}

type Admission =
  | { ok: true; priority: Priority }
  | { ok: false; reason: 'not_registered' | 'no_permit' }

/**
 * Decides whether to admit a caller. Only for a hotkey whose signature was verified: a claimed one proves
 * nothing.
 */
export function admit(standing: CallerStanding | null, blacklist: Blacklist): Admission {
  if (standing === null && !blacklist.allowNonRegistered) {
    return { ok: false, reason: 'not_registered' }
  }
  const permit = standing?.validatorPermit ?? false
  if (blacklist.forceVerifierPermit && !permit) return { ok: false, reason: 'no_permit' }
  return { ok: true, priority: { permit, stakeRao: standing?.stakeRao ?? 0n } }
}

/** Negative if `a` goes before `b`; 0 keeps the order of arrival. */
export function comparePriority(a: Priority, b: Priority): number {
  if (a.permit !== b.permit) return a.permit ? -1 : 1
  if (a.stakeRao === b.stakeRao) return 0
  return a.stakeRao > b.stakeRao ? -1 : 1
}
