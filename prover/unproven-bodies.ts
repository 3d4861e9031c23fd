/** For the bodies of all requests whose senders are not known yet: fifty of the largest. */
const MAX_BYTES = 64 * 2 ** 20
/** What each piece takes beside its bytes. */
const PIECE_BYTES = 512

/** A body that is being received, or whose sender is being looked up. */
export interface UnprovenBody {
  add(piece: Uint8Array): void
  /** It is gone, or its sender is known. */
  release(): void
}

/**
 * Limits the memory that strangers take with bodies which they send slowly: a signature can be verified only once a
 * whole body is there, and until then anybody may have sent it. Beyond the limit the largest one is given up: requests
 * of usual size are never among them.
 */
export class UnprovenBodies {
  private readonly held = new Map<UnprovenBody, { bytes: number; giveUp: () => void }>()
  private total = 0

  constructor(private readonly maxBytes = MAX_BYTES) {}

  get bytes(): number {
    return this.total
  }

  /** @param giveUp closes its connection */
  begin(giveUp: () => void): UnprovenBody {
    const body: UnprovenBody = {
      add: (piece) => this.add(body, piece.length + PIECE_BYTES),
      release: () => this.release(body),
    }
    this.held.set(body, { bytes: 0, giveUp })
    return body
  }

  private add(body: UnprovenBody, bytes: number): void {
    const own = this.held.get(body)
    if (own === undefined) return
    own.bytes += bytes
    this.total += bytes
    if (this.total <= this.maxBytes) return
    const [largest, { giveUp }] = [...this.held].reduce((a, b) => (b[1].bytes > a[1].bytes ? b : a))
    this.release(largest)
    giveUp()
  }

  private release(body: UnprovenBody): void {
    this.total -= this.held.get(body)?.bytes ?? 0
    this.held.delete(body)
  }
}
