import type { Socket } from 'node:net'

/** A network with connections here: its narrower networks, or a host's connections. */
interface Network {
  size: number
  /** In order of appearance. */
  readonly within: Map<string, Network>
  /** A host's connections, oldest first. */
  readonly sockets: Set<Socket>
}

const emptyNetwork = (): Network => ({ size: 0, within: new Map(), sockets: new Set() })

/**
 * Connections on which no caller with a permit has sent a request yet, by network. Beyond a limit, the oldest
 * one of the fullest host in the fullest network is closed: somebody who opens many loses their own first,
 * and a newcomer is never turned away.
 */
export class UnprovenConnections {
  private readonly everybody = emptyNetwork()

  get size(): number {
    return this.everybody.size
  }

  /**
   * @param networks of the socket, from the widest to its host
   * @param limits in total, and for each of `networks`
   * @returns the connection to close, if a limit is exceeded; never the one that was added
   */
  add(socket: Socket, networks: readonly string[], limits: readonly number[]): Socket | null {
    const path = [this.everybody]
    for (const name of networks) {
      const { within } = path.at(-1)!
      const network = within.get(name) ?? emptyNetwork()
      within.set(name, network)
      path.push(network)
    }
    for (const network of path) network.size++
    path.at(-1)!.sockets.add(socket)
    // The narrowest one that is too full: closing there makes room in the wider ones, too.
    const tooFull = path.findLast((network, i) => network.size > limits[i]!)
    return tooFull === undefined ? null : oldestOfFullest(tooFull)
  }

  /** Does nothing if it was already deleted. */
  delete(socket: Socket, networks: readonly string[]): void {
    const path = [this.everybody]
    for (const name of networks) {
      const network = path.at(-1)!.within.get(name)
      if (network === undefined) return
      path.push(network)
    }
    if (!path.at(-1)!.sockets.delete(socket)) return
    for (const network of path) network.size--
    for (const [i, name] of networks.entries()) {
      if (path[i + 1]!.size === 0) path[i]!.within.delete(name)
    }
  }
}

function oldestOfFullest(network: Network): Socket {
  let fullest = network
  while (fullest.within.size > 0) {
    fullest = [...fullest.within.values()].reduce((a, b) => (b.size > a.size ? b : a))
  }
  const [oldest] = fullest.sockets
  return oldest!
}
