import { z } from 'zod'
import { decodeAddress } from '../../base/crypto.js'
import { toHex } from '../../formats/bytes.js'
import type { Metagraph, Neuron } from '../chain.js'
import { axonAddress } from './axon-address.js'
import { type Family, stakeWeight } from './stake-weight.js'
import { count, rao, type StateAt, wanted } from './storage.js'
import type { MechanismOf } from './weights/mechanism.js'

const ROOT = 0
const address = z.string()
const axon = z.object({ ip: rao, ipType: count, port: count }).nullable()
const shares = z.array(z.tuple([rao, address]))
const flags = z.array(z.boolean())
const blocks = z.array(count)

/**
 * The neurons of a subnet after one block, in three rounds of requests however many there are; a fourth round
 * for stake delegated by hotkeys outside the subnet.
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
  const [hotkeys, registered, axons] = await Promise.all([
    state.each('keys', address, byUid),
    state.each('blockAtRegistration', count, byUid),
    // Read by prefix, because few of a subnet's neurons serve an axon.
    state.entries('axons', axon, netuid),
  ])
  const accounts = hotkeys.map(accountOf)
  const [coldkeys, sources] = await Promise.all([
    state.each(
      'owner',
      address,
      accounts.map((account) => [account]),
    ),
    readStakes(state, netuid, hotkeys, accounts),
  ])
  const neurons = uids.map((uid): Neuron => {
    const hotkey = hotkeys[uid]!
    const stored = axons.get(hotkey) ?? null
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

async function readStakes(
  state: StateAt,
  netuid: number,
  hotkeys: readonly string[],
  accounts: readonly string[],
) {
  const keysOn = (net: number, of: readonly string[]) => of.map((account) => [account, net])
  const stakesOn = (net: number, of: readonly string[]) =>
    state.each('totalHotkeyAlpha', rao, keysOn(net, of))
  const familyOn = (net: number) =>
    Promise.all([
      state.each('parentKeys', shares, keysOn(net, accounts)),
      state.each('childKeys', shares, keysOn(net, accounts)),
    ])
  // If TaoWeight is global, TAO on the root network is inherited like the subnet's stake; earlier runtimes
  // used the root network's own parents.
  const rootHasFamily = state.keysOf('taoWeight') !== 0
  const [alpha, root, family, rootFamily] = await Promise.all([
    stakesOn(netuid, accounts),
    stakesOn(ROOT, accounts),
    familyOn(netuid),
    rootHasFamily ? familyOn(ROOT) : null,
  ])
  const alphas = new Map(hotkeys.map((hotkey, i) => [hotkey, alpha[i]!]))
  const roots = new Map(hotkeys.map((hotkey, i) => [hotkey, root[i]!]))
  const parents = [...family[0], ...(rootFamily?.[0] ?? [])].flat().map(([, hotkey]) => hotkey)
  const strangers = [...new Set(parents)].filter((hotkey) => !alphas.has(hotkey))
  if (strangers.length > 0) {
    const theirs = strangers.map(accountOf)
    const [lentAlpha, lentRoot] = await Promise.all([
      stakesOn(netuid, theirs),
      stakesOn(ROOT, theirs),
    ])
    strangers.forEach((hotkey, i) => {
      alphas.set(hotkey, lentAlpha[i]!)
      roots.set(hotkey, lentRoot[i]!)
    })
  }
  const byHotkey = ([parents, children]: (readonly (readonly [bigint, string])[])[][]) =>
    new Map(
      hotkeys.map((hotkey, i): [string, Family] => [
        hotkey,
        { parents: parents![i]!, children: children![i]! },
      ]),
    )
  const own = byHotkey(family)
  return {
    alpha: alphas,
    root: roots,
    family: own,
    rootFamily: rootFamily === null ? own : byHotkey(rootFamily),
  }
}

/** As a storage key, because each query would decode an address again. */
function accountOf(ss58: string): string {
  return `0x${toHex(decodeAddress(ss58))}`
}
