import { FractalError, messageOf } from '../../base/errors.js'
import { describeExit, type Exit, lastLines, spawnChild } from './child.js'

export interface RoleOptions {
  /** Shown in messages: "verifier", "prover-3". */
  name: string
  command: string
  args: string[]
  /** The whole environment of the role; nothing is added to it. */
  env: Record<string, string | undefined>
  /** Both output streams are appended here. */
  logFile: string
  cwd?: string
  /** Resolves when the role does its work; gives up when the signal aborts. */
  readyWhen: (signal: AbortSignal) => Promise<void>
  /** Default 60 s. */
  readyTimeoutMs?: number
}

export interface Role {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  readonly exited: Promise<Exit>
  hasExited(): boolean
  /** Sends a signal to the role and all it started; false when it has ended. */
  kill(signal: NodeJS.Signals): boolean
  /** SIGTERM, and after `graceMs` SIGKILL; resolves when the role has ended. */
  stop(graceMs: number): Promise<Exit>
}

/**
 * Starts one of our processes and waits until it is ready. It dies with us, also when we are killed -9.
 *
 * Throws `role_failed` (with the last lines of its log) when it ends or is not ready in time; it is
 * stopped then.
 */
export async function spawnRole(options: RoleOptions): Promise<Role> {
  const { name, logFile, readyTimeoutMs = 60_000 } = options
  const child = await spawnChild({ ...options, group: true, onOrphaned: 'SIGKILL' })
  const ready = new AbortController()
  const timer = setTimeout(
    () => ready.abort(new Error(`not ready after ${readyTimeoutMs / 1000} s`)),
    readyTimeoutMs,
  )
  void child.exited.then((exit) => ready.abort(new Error(describeExit(exit))))
  try {
    await untilAborted(options.readyWhen(ready.signal), ready.signal)
  } catch (error) {
    const why = messageOf(ready.signal.aborted ? ready.signal.reason : error)
    ready.abort(error)
    await child.end('SIGKILL', 0)
    const words = lastLines(logFile)
    throw new FractalError(
      'role_failed',
      `${name} did not start: ${why}${words === '' ? '' : `\n${words}`}`,
      { hint: `Its log: ${logFile}`, details: { role: name }, cause: error },
    )
  } finally {
    clearTimeout(timer)
  }
  return {
    name,
    pid: child.pid,
    logFile,
    exited: child.exited,
    hasExited: child.hasExited,
    kill: child.signal,
    stop: (graceMs) => child.end('SIGTERM', graceMs),
  }
}

/** The promise, or the signal's reason as an error, whichever comes first. */
function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
