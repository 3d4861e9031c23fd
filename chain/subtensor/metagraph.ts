import { z } from 'zod'
import type { Metagraph, Neuron } from '../chain.js'
import { axonAddress } from './axon-address.js'
import { type Family, stakeWeight } from './stake-weight.js'
import { count, rao, type StateAt, wanted } from './state-at.js'
import { assertSubnet } from './subnet.js'

const ROOT = 0
const address = z.string()
const axon = z.object({ ip: rao, ipType: count, port: count }).nullable()
const shares = z.array(z.tuple([rao, address]))
const flags = z.array(z.boolean())
const blocks = z.array(count)

/**
 * The neurons of a subnet after one block, in three requests however many there are: a fourth for
 * stake that hotkeys outside the subnet lend to some in it.
 * @throws ChainError `SubNetworkDoesNotExist`, `bad_chain_answer`
 */
export async function readMetagraph(state: StateAt, netuid: number): Promise<Metagraph> {
  const taoWeightKeys = state.keysOf('taoWeight') === 0 ? [] : [netuid]
  const [added, size, permits, lastUpdates, taoWeight] = await state.read(
    wanted('networksAdded', z.boolean(), netuid),
    wanted('subnetworkN', count, netuid),
    wanted('validatorPermit', flags, netuid),
    // Newer runtimes have these by mechanism: mechanism 0's index is the netuid.
    wanted('lastUpdate', blocks, netuid),
    wanted('taoWeight', rao, ...taoWeightKeys),
  )
  assertSubnet(added, netuid)
  const uids = Array.from({ length: size }, (_, uid) => uid)
  const [hotkeys, registered] = await Promise.all([
    state.each(uids.map((uid) => wanted('keys', address, netuid, uid))),
    state.each(uids.map((uid) => wanted('blockAtRegistration', count, netuid, uid))),
  ])
  const [coldkeys, axons, sources] = await Promise.all([
    state.each(hotkeys.map((hotkey) => wanted('owner', address, hotkey))),
    state.each(hotkeys.map((hotkey) => wanted('axons', axon, netuid, hotkey))),
    readStakes(state, netuid, hotkeys),
  ])
  const neurons = uids.map((uid): Neuron => {
    const stored = axons[uid] ?? null
    return {
      uid,
      hotkey: hotkeys[uid]!,
      coldkey: coldkeys[uid]!,
      axon: stored === null ? null : axonAddress(stored),
      stakeRao: stakeWeight(hotkeys[uid]!, { ...sources, taoWeight }),
      validatorPermit: permits[uid] ?? false,
      lastUpdate: lastUpdates[uid] ?? 0,
      registeredBlock: registered[uid]!,
    }
  })
  return { netuid, block: state.block, neurons }
}

async function readStakes(state: StateAt, netuid: number, hotkeys: readonly string[]) {
  const stakesOn = (net: number, of: readonly string[]) =>
    state.each(of.map((hotkey) => wanted('totalHotkeyAlpha', rao, hotkey, net)))
  const familyOn = (net: number) =>
    Promise.all([
      state.each(hotkeys.map((hotkey) => wanted('parentKeys', shares, hotkey, net))),
      state.each(hotkeys.map((hotkey) => wanted('childKeys', shares, hotkey, net))),
    ])
  // Where TaoWeight is the network's own, TAO on the root network is inherited as the subnet's
  // stake is; runtimes before that asked for the root network's own parents.
  const rootHasFamily = state.keysOf('taoWeight') !== 0
  const [alpha, root, family, rootFamily] = await Promise.all([
    stakesOn(netuid, hotkeys),
    stakesOn(ROOT, hotkeys),
    familyOn(netuid),
    rootHasFamily ? familyOn(ROOT) : null,
  ])
  const alphas = new Map(hotkeys.map((hotkey, i) => [hotkey, alpha[i]!]))
  const roots = new Map(hotkeys.map((hotkey, i) => [hotkey, root[i]!]))
  const parents = [...family[0], ...(rootFamily?.[0] ?? [])].flat().map(([, hotkey]) => hotkey)
  const strangers = [...new Set(parents)].filter((hotkey) => !alphas.has(hotkey))
  if (strangers.length > 0) {
    const [lentAlpha, lentRoot] = await Promise.all([
      stakesOn(netuid, strangers),
      stakesOn(ROOT, strangers),
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
