import { z } from 'zod'
import { decodeAddress } from '../../base/crypto.js'
import { toHex } from '../../formats/bytes.js'
import type { Metagraph, Neuron } from '../chain.js'
import { axonAddress } from './axon-address.js'
import { type Family, stakeWeight } from './stake-weight.js'
import { count, rao, type StateAt, wanted, wantedOf } from './storage.js'
import type { MechanismOf } from './weights/mechanism.js'

const ROOT = 0
const address = z.string()
const axon = z.object({ ip: rao, ipType: count, port: count }).nullable()
const shares = z.array(z.tuple([rao, address]))
const flags = z.array(z.boolean())
const blocks = z.array(count)

/**
 * The neurons of a subnet after one block, in three requests unless they are very many: a fourth for stake
 * that hotkeys outside the subnet lend to some in it.
 * @throws ChainError `SubNetworkDoesNotExist`, `bad_chain_answer`
 */
export async function readMetagraph(
  state: StateAt,
  { netuid, index }: MechanismOf,
): Promise<Metagraph> {
  const taoWeightKeys = state.keysOf('taoWeight') === 0 ? [] : [netuid]
  const [size, permits, lastUpdates, taoWeight] = await state.readSubnet(
    netuid,
    wanted('subnetworkN', count, netuid),
    wanted('validatorPermit', flags, netuid),
    // Newer runtimes store these per mechanism.
    wanted('lastUpdate', blocks, index),
    wanted('taoWeight', rao, ...taoWeightKeys),
  )
  const uids = Array.from({ length: size }, (_, uid) => uid)
  const byUid = uids.map((uid) => [netuid, uid])
  const [hotkeys, registered] = await state.readMany(
    wantedOf('keys', address, byUid),
    wantedOf('blockAtRegistration', count, byUid),
  )
  const accounts = hotkeys.map(accountOf)
  const { coldkeys, axons, ...sources } = await readOfHotkeys(state, netuid, hotkeys, accounts)
  const neurons = uids.map((uid): Neuron => {
    const hotkey = hotkeys[uid]!
    const stored = axons[uid] ?? null
    return {
      uid,
      hotkey,
      coldkey: coldkeys[uid]!,
      axon: stored === null ? null : axonAddress(stored),
      stakeRao: stakeWeight(hotkey, { ...sources, taoWeight }),
      validatorPermit: permits[uid] ?? false,
      lastUpdate: lastUpdates[uid] ?? 0,
      registeredBlock: registered[uid]!,
    }
  })
  return { netuid, block: state.block, neurons }
}

async function readOfHotkeys(
  state: StateAt,
  netuid: number,
  hotkeys: readonly string[],
  accounts: readonly string[],
) {
  const on = (net: number, of: readonly string[]) => of.map((account) => [account, net])
  const alphaOf = (net: number, of: readonly string[]) =>
    wantedOf('totalHotkeyAlpha', rao, on(net, of))
  const parentsOn = (net: number) => wantedOf('parentKeys', shares, on(net, accounts))
  const childrenOn = (net: number) => wantedOf('childKeys', shares, on(net, accounts))
  // If TaoWeight is global, TAO on the root network is inherited like the subnet's stake; earlier runtimes
  // used the root network's own parents.
  const rootHasFamily = state.keysOf('taoWeight') !== 0
  const ofRoot = rootHasFamily ? [parentsOn(ROOT), childrenOn(ROOT)] : []
  const [coldkeys, axons, alpha, root, parents, children, ...rootShares] = await state.readMany(
    wantedOf(
      'owner',
      address,
      accounts.map((account) => [account]),
    ),
    wantedOf(
      'axons',
      axon,
      accounts.map((account) => [netuid, account]),
    ),
    alphaOf(netuid, accounts),
    alphaOf(ROOT, accounts),
    parentsOn(netuid),
    childrenOn(netuid),
    ...ofRoot,
  )
  const [rootParents, rootChildren] = rootShares
  const alphas = new Map(hotkeys.map((hotkey, i) => [hotkey, alpha[i]!]))
  const roots = new Map(hotkeys.map((hotkey, i) => [hotkey, root[i]!]))
  const lenders = [...parents, ...(rootParents ?? [])].flat().map(([, hotkey]) => hotkey)
  const strangers = [...new Set(lenders)].filter((hotkey) => !alphas.has(hotkey))
  if (strangers.length > 0) {
    const theirs = strangers.map(accountOf)
    const [lentAlpha, lentRoot] = await state.readMany(
      alphaOf(netuid, theirs),
      alphaOf(ROOT, theirs),
    )
    strangers.forEach((hotkey, i) => {
      alphas.set(hotkey, lentAlpha[i]!)
      roots.set(hotkey, lentRoot[i]!)
    })
  }
  type Shares = readonly (readonly [bigint, string])[]
  const families = (parents: readonly Shares[], children: readonly Shares[]) =>
    new Map(
      hotkeys.map((hotkey, i): [string, Family] => [
        hotkey,
        { parents: parents[i]!, children: children[i]! },
      ]),
    )
  const family = families(parents, children)
  const ofTheRoot =
    rootParents === undefined || rootChildren === undefined
      ? family
      : families(rootParents, rootChildren)
  return { coldkeys, axons, alpha: alphas, root: roots, family, rootFamily: ofTheRoot }
}

/** As a storage key, because each query would decode an address again. */
function accountOf(ss58: string): string {
  return `0x${toHex(decodeAddress(ss58))}`
}
