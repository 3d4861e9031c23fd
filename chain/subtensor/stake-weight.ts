/** A part of 2^64 − 1 of a hotkey's stake that another hotkey has on a subnet. */
export type Share = readonly [part: bigint, hotkey: string]

/** What a subnet's validators have, before parents and children: all in rao or alpha's rao. */
export interface StakeSources {
  /** `TotalHotkeyAlpha` on the subnet and on the root network. */
  alpha: ReadonlyMap<string, bigint>
  root: ReadonlyMap<string, bigint>
  /** `ParentKeys` and `ChildKeys` of a hotkey, by which `alpha` moves; and those by which `root` does. */
  family: ReadonlyMap<string, Family>
  rootFamily: ReadonlyMap<string, Family>
  /** `TaoWeight`: part of 2^64 − 1 that a TAO on the root network counts. */
  taoWeight: bigint
}

export interface Family {
  parents: readonly Share[]
  children: readonly Share[]
}

const WHOLE = (1n << 64n) - 1n

/**
 * A hotkey's stake weight on a subnet: its own stake there without what its children have of it and
 * with what it has of its parents', plus the same of its TAO on the root network by TaoWeight.
 * Source: `get_stake_weights_for_hotkey_on_subnet`, `get_inherited_for_hotkey_on_subnet`; the chain
 * computes in binary fractions, so the last rao may differ.
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
