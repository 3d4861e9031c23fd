import { setMaxListeners } from 'node:events'
import { Context } from '@temporalio/activity'

/**
 * Runs `work` with a heartbeat every second, so that a killed worker is noticed within the heartbeat
 * timeout. The details are hints for people; progress itself is kept in the ledger. What is done within a
 * second sends none: each is a call to Temporal, which writes it.
 * The signal is aborted when Temporal cancels the activity or its worker shuts down.
 * @param work its `heartbeat` sends details at once, its `note` with the next heartbeat
 */
export async function withHeartbeat<T>(
  work: (
    signal: AbortSignal,
    heartbeat: (details: string) => void,
    note: (details: string) => void,
  ) => Promise<T>,
): Promise<T> {
  const context = Context.current()
  // Hundreds of requests may listen at once; Node would warn of a leak on standard error.
  setMaxListeners(0, context.cancellationSignal)
  let details = ''
  const timer = setInterval(() => context.heartbeat(details), 1000)
  try {
    const note = (text: string) => {
      details = text
    }
    const heartbeat = (text: string) => {
      note(text)
      context.heartbeat(details)
    }
    return await work(context.cancellationSignal, heartbeat, note)
  } finally {
    clearInterval(timer)
  }
}

/** Waits, or rejects with the cancellation. */
export async function pause(ms: number): Promise<void> {
  await Context.current().sleep(ms)
}
