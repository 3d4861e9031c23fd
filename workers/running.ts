/** A role that was started: a verifier, a worker, a prover, the API. */
export interface Running {
  /** Takes nothing new, ends what runs, closes what is open. May be called twice. */
  stop(): Promise<void>
  /** Resolves once it has stopped; rejects when it ended by itself, with the reason. */
  readonly finished: Promise<void>
}

/**
 * A role from how it is closed.
 * @param close runs once
 * @param broken rejects when the role cannot go on by itself; it is closed then
 */
export function asRunning(close: () => Promise<void>, broken?: Promise<unknown>): Running {
  let ended: () => void
  let failed: (error: unknown) => void
  const finished = new Promise<void>((resolve, reject) => {
    ended = resolve
    failed = reject
  })
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= close().then(ended, failed)
    return stopping
  }
  broken?.catch(async (error) => {
    failed(error)
    await stop()
  })
  return { stop, finished }
}
