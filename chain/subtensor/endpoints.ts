import { isLoopback } from '../../base/net/loopback.js'
import { DEVNET } from '../../base/network-name.js'
import type { Hex } from '../../formats/bytes.js'
import { ChainError } from '../errors.js'

/** The default endpoints of a known network, and the genesis that they must have. */
interface Network {
  endpoints: readonly string[]
  genesis: Hex | null
}

const FINNEY = '2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03'
const TEST = '8f9cf856bf558a14440e75569c9e58594757048d7b3a84b5d25f6bd978263105'

/** The names from bittensor's settings; their genesis as published by explorers and projects. */
const NETWORKS: Readonly<Record<string, Network>> = {
  finney: {
    endpoints: ['wss://entrypoint-finney.opentensor.ai:443', 'wss://lite.chain.opentensor.ai:443'],
    genesis: FINNEY,
  },
  archive: { endpoints: ['wss://archive.chain.opentensor.ai:443'], genesis: FINNEY },
  'latent-lite': { endpoints: ['wss://lite.sub.latent.to:443'], genesis: FINNEY },
  test: { endpoints: ['wss://test.finney.opentensor.ai:443'], genesis: TEST },
  // Each start makes a new genesis.
  [DEVNET]: { endpoints: ['ws://127.0.0.1:9944'], genesis: null },
}

/** The network that a genesis belongs to; null if this version knows none. */
export function networkOfGenesis(genesis: Hex): string | null {
  return Object.entries(NETWORKS).find(([, known]) => known.genesis === genesis)?.[0] ?? null
}

export interface ChainTarget {
  network: string
  /** In the order to try. */
  endpoints: string[]
  /** Null for a network unknown to this version: then the first answer decides. */
  genesis: Hex | null
}

/**
 * @param given one URL or several separated by commas; empty for the network's own
 * @throws ChainError `chain_endpoint`
 */
export function chainTarget(network: string, given: string): ChainTarget {
  const known = Object.hasOwn(NETWORKS, network) ? NETWORKS[network] : undefined
  const urls = given.split(',').map((url) => url.trim())
  const listed = urls.filter((url) => url !== '')
  const endpoints = listed.length === 0 ? [...(known?.endpoints ?? [])] : listed
  if (endpoints.length === 0) {
    const names = Object.keys(NETWORKS).join(', ')
    throw new ChainError('chain_endpoint', `no address is known for the network ${network}`, {
      hint: `Give --subtensor.chain_endpoint ws://HOST:PORT, or one of the networks ${names}.`,
    })
  }
  for (const url of endpoints) {
    // The message must not contain the URL: it may include a key.
    if (!URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol)) {
      const which = endpoints.length === 1 ? '' : ` (number ${endpoints.indexOf(url) + 1})`
      const message = `the chain endpoint${which} of the network ${network} is not a ws:// or wss:// URL`
      throw new ChainError('chain_endpoint', message, {
        hint: 'Give --subtensor.chain_endpoint as wss://HOST:PORT, several separated by commas.',
      })
    }
  }
  if (network === DEVNET && !endpoints.every((url) => isNearby(new URL(url).hostname))) {
    const message = `the network ${DEVNET} is on this machine, the chain endpoint is not`
    throw new ChainError('chain_endpoint', message, {
      hint: 'Give --subtensor.network the name of the network that the endpoint is of.',
    })
  }
  return { network, endpoints, genesis: known?.genesis ?? null }
}

/** This machine, or a neighbour in a network of containers, which has a name without dots. */
function isNearby(host: string): boolean {
  return isLoopback(host) || /^[a-z][a-z0-9-]*$/.test(host)
}
