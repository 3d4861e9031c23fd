import type { Neuron } from '../../chain/chain.js'
import {
  fillFacts,
  type IntervalProverRow,
  intervalProvers,
  updateAxons,
} from '../../ledger/provers/provers.js'
import { fetchProverInfos } from '../interval/fetch-prover-infos.js'
import type { RoundDeps } from './round-deps.js'

/**
 * The interval's provers, at their current addresses on the chain. One that did not answer when the interval
 * opened is asked for its info again: a single lost packet must not cost it an interval.
 */
export async function freshProvers(
  deps: RoundDeps,
  n: number,
  signal: AbortSignal,
): Promise<IntervalProverRow[]> {
  const { db, id, chain } = deps
  const { neurons } = await chain.metagraph(id.netuid)
  const axons = neurons.filter(({ axon }) => axon !== null)
  await updateAxons(db, id, n, axons.map(addressOf))
  const provers = await intervalProvers(db, id, n)
  const unreached = new Set(provers.filter((row) => !row.reachable).map((row) => row.hotkey))
  const silent = axons.filter(({ hotkey }) => unreached.has(hotkey))
  if (silent.length === 0) return provers
  const facts = await fetchProverInfos(deps, silent, signal)
  const found = silent.flatMap(({ hotkey, registeredBlock }, i) =>
    facts[i]!.reachable ? [{ hotkey, registeredBlock, ...facts[i]! }] : [],
  )
  await fillFacts(db, id, n, found)
  return intervalProvers(db, id, n)
}

function addressOf({ hotkey, registeredBlock, axon }: Neuron) {
  return { hotkey, registeredBlock, axonIp: axon!.ip, axonPort: axon!.port }
}
