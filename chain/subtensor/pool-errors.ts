/**
 * The codes with which Subtensor's pool refuses (`InvalidTransaction::Custom`). Their meaning changed between
 * runtimes, so a code has a name only if it is known from the runtime's source or from running it; others are
 * shown as numbers.
 */
interface CustomCodes {
  /** First and last spec version. */
  from: number
  to: number
  names: Readonly<Record<number, string>>
}

const CUSTOM_CODES: readonly CustomCodes[] = [
  {
    // One code per call that found too little stake. 3 was observed, the others are from the source
    // (`SubtensorSignedExtension::validate` of December 2024).
    from: 218,
    to: 218,
    names: {
      1: 'NotEnoughStakeToSetWeights',
      2: 'NotEnoughStakeToSetWeights',
      3: 'NotEnoughStakeToSetWeights',
      6: 'NotEnoughStakeToSetWeights',
    },
  },
  {
    // `CustomTransactionError`, by its own names. From 25 on, sources from different years differ.
    from: 425,
    to: Number.POSITIVE_INFINITY,
    names: {
      0: 'ColdkeyInSwapSchedule',
      1: 'StakeAmountTooLow',
      2: 'BalanceTooLow',
      3: 'SubnetNotExists',
      4: 'HotkeyAccountDoesntExist',
      5: 'NotEnoughStakeToWithdraw',
      6: 'RateLimitExceeded',
      7: 'InsufficientLiquidity',
      8: 'SlippageTooHigh',
      9: 'TransferDisallowed',
      10: 'HotKeyNotRegisteredInNetwork',
      11: 'InvalidIpAddress',
      12: 'ServingRateLimitExceeded',
      13: 'InvalidPort',
      14: 'ZeroMaxAmount',
      15: 'InvalidRevealRound',
      16: 'CommitNotFound',
      17: 'CommitBlockNotInRevealRange',
      18: 'InputLengthsUnequal',
      19: 'UidNotFound',
      255: 'BadRequest',
    },
  },
]

/** Null if unknown. */
export function customCodeName(code: number, specVersion: number): string | null {
  const codes = CUSTOM_CODES.find(({ from, to }) => from <= specVersion && specVersion <= to)
  return codes?.names[code] ?? null
}

/** Refusals of every Substrate pool, by the words of its `InvalidTransaction`. */
const BY_WORDS: readonly [said: RegExp, name: string][] = [
  [/is outdated/i, 'Stale'],
  [/valid in the future/i, 'Future'],
  [/bad signature/i, 'BadProof'],
  [/ancient birth block/i, 'AncientBirthBlock'],
  [/pay some fees/i, 'Payment'],
  [/exhaust the block limits/i, 'ExhaustsResources'],
  [/invalid signing address/i, 'BadSigner'],
  [/call is not expected/i, 'Call'],
  [/did not authorize any origin/i, 'UnknownOrigin'],
]

/** And by RPC error code (`sc_rpc_api::author::error`). */
const BY_RPC_CODE: Readonly<Record<number, string>> = {
  1011: 'UnknownTransaction',
  1012: 'TemporarilyBanned',
  1013: 'AlreadyImported',
  1014: 'TooLowPriority',
  1015: 'CycleDetected',
  1016: 'ImmediatelyDropped',
}

export interface Refusal {
  /** The chain's own name, or `pool_refused`. */
  name: string
  /** The code, if the pool gave only that. */
  custom: number | null
}

/** What a node's answer to an extrinsic means. */
export function poolRefusal(
  { code, said }: { code: number; said: string },
  specVersion: number,
): Refusal {
  const custom = /custom(?: error)?\W+(\d+)/i.exec(said)
  if (custom !== null) {
    const number = Number(custom[1])
    return { name: customCodeName(number, specVersion) ?? 'pool_refused', custom: number }
  }
  const byWords = BY_WORDS.find(([pattern]) => pattern.test(said))?.[1]
  // Some nodes give the kind as JSON: {"invalid":{"stale":null}}.
  const kind = /"?invalid"?\W+([a-z]+)/i.exec(said)?.[1]
  const byKind = KINDS.find((name) => name.toLowerCase() === kind?.toLowerCase())
  return { name: byWords ?? byKind ?? BY_RPC_CODE[code] ?? 'pool_refused', custom: null }
}

const KINDS = BY_WORDS.map(([, name]) => name)
