/** The share (of 2^64 − 1) of a hotkey's stake that counts for another hotkey on a subnet. */
export type Share = readonly [part: bigint, hotkey: string]

/** The stake of a subnet's validators before parents and children are applied, in rao of TAO or alpha. */
export interface StakeSources {
  /** `TotalHotkeyAlpha` on the subnet and on the root network. */
  alpha: ReadonlyMap<string, bigint>
  root: ReadonlyMap<string, bigint>
  /**
   * `ParentKeys` and `ChildKeys` of a hotkey, which redistribute `alpha`; and those that redistribute `root`.
   */
  family: ReadonlyMap<string, Family>
  rootFamily: ReadonlyMap<string, Family>
  /** `TaoWeight`: the weight (of 2^64 − 1) of a TAO on the root network. */
  taoWeight: bigint
}

export interface Family {
  parents: readonly Share[]
  children: readonly Share[]
}

const WHOLE = (1n << 64n) - 1n

/**
 * A hotkey's stake weight on a subnet: its own stake there, minus its children's shares, plus its shares of
 * its parents' stake; plus the same for its TAO on the root network, times TaoWeight. Source:
 * `get_stake_weights_for_hotkey_on_subnet`, `get_inherited_for_hotkey_on_subnet`; the chain computes in
 * binary fractions, so the last rao may differ.
 */
export function stakeWeight(hotkey: string, sources: StakeSources): bigint {
  const { alpha, root, family, rootFamily, taoWeight } = sources
  const onSubnet = inherited(hotkey, alpha, family.get(hotkey))
  const onRoot = inherited(hotkey, root, rootFamily.get(hotkey))
  return onSubnet + (onRoot * taoWeight) / WHOLE
}

function inherited(
  hotkey: string,
  stakes: ReadonlyMap<string, bigint>,
  family: Family = { parents: [], children: [] },
): bigint {
  const own = stakes.get(hotkey) ?? 0n
  const given = family.children.reduce((sum, [part]) => sum + (own * part) / WHOLE, 0n)
  const kept = own > given ? own - given : 0n
  return family.parents.reduce(
    (sum, [part, parent]) => sum + ((stakes.get(parent) ?? 0n) * part) / WHOLE,
    kept,
  )
}
