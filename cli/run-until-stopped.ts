import type { Running } from '../workers/running.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** What a shell reports for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130

/** Keeps a role up until a signal stops it, or it ends by itself. A second signal ends it at once. */
export async function runUntilStopped(running: Running): Promise<void> {
  let stopping: Promise<void> | undefined
  const onSignal = () => {
    if (stopping !== undefined) process.exit(EXIT_INTERRUPTED)
    stopping = running.stop()
    // A failed stop is reported below; without a listener here it would end the process first.
    stopping.catch(() => {})
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    await running.finished
    await stopping
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
