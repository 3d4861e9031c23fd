interface Event {
  readonly ms: number
  readonly order: number
  readonly run: () => void
}

/** What is going to happen, by time; what comes at the same time, in the order in which it was put in. */
export class EventQueue {
  readonly #heap: Event[] = []
  #order = 0
  #nowMs = 0

  get nowMs(): number {
    return this.#nowMs
  }

  at(ms: number, run: () => void): void {
    const heap = this.#heap
    const event = { ms: Math.max(ms, this.#nowMs), order: this.#order++, run }
    let i = heap.length
    heap.push(event)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isSooner(event, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = event
  }

  /** Runs all that comes before `endMs`, and at it. */
  runUntil(endMs: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.ms <= endMs) {
      const { ms, run } = this.#pop()
      this.#nowMs = ms
      run()
    }
  }

  #pop(): Event {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isSooner(heap[child + 1]!, heap[child]!)) child += 1
      if (!isSooner(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return first
  }
}

function isSooner(a: Event, b: Event): boolean {
  return a.ms < b.ms || (a.ms === b.ms && a.order < b.order)
}
