import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import { FractalError, messageOf } from '../../base/errors.js'

/** How a process ended: an exit code, or the signal that ended it. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ChildOptions {
  /** Shown in messages: "Postgres", "prover-1". */
  name: string
  command: string
  args: string[]
  /** The whole environment of the child; nothing is added to it. */
  env: Record<string, string | undefined>
  cwd?: string | undefined
  uid?: number | undefined
  gid?: number | undefined
  /** Both output streams are appended here. Its folder is made when missing. */
  logFile: string
  /** Signals go to the child and all it started; what it left is killed when it ends. */
  group?: boolean
  /** What the child is sent when this process dies, however it dies. */
  onOrphaned: 'SIGINT' | 'SIGTERM' | 'SIGKILL'
}

export interface Child {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  readonly exited: Promise<Exit>
  hasExited(): boolean
  /** Sends a signal; false when the process has ended. */
  signal(signal: NodeJS.Signals): boolean
  /** Asks with `signal`, and after `graceMs` with SIGKILL; resolves when the process has ended. */
  end(signal: NodeJS.Signals, graceMs: number): Promise<Exit>
}

/**
 * Starts a process in a session of its own: Ctrl-C in the terminal reaches only us, so that we
 * decide the order in which things stop. In return we owe that it never outlives us; see `watch`.
 */
export async function spawnChild(options: ChildOptions): Promise<Child> {
  const { name, command, args, logFile } = options
  mkdirSync(dirname(logFile), { recursive: true })
  const output = openSync(logFile, 'a')
  const spawnOptions: SpawnOptions = {
    env: options.env,
    cwd: options.cwd,
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    detached: true,
    stdio: ['ignore', output, output],
  }
  let child: ChildProcess
  try {
    child = spawn(command, args, spawnOptions)
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
  } catch (error) {
    throw new FractalError('spawn_failed', `${name} cannot be started: ${messageOf(error)}.`, {
      details: { command },
      cause: error,
    })
  } finally {
    closeSync(output)
  }
  const pid = child.pid!
  const target = options.group ? -pid : pid
  const stopWatching = watch(target, options.onOrphaned)
  let ended = false
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true
      stopWatching()
      if (options.group) send(target, 'SIGKILL')
      resolve({ code, signal })
    })
  })
  const signal = (wanted: NodeJS.Signals) => !ended && send(target, wanted)
  return {
    name,
    pid,
    logFile,
    exited,
    hasExited: () => ended,
    signal,
    async end(wanted, graceMs) {
      signal(wanted)
      const insist = setTimeout(() => signal('SIGKILL'), graceMs)
      const exit = await exited
      clearTimeout(insist)
      return exit
    },
  }
}

/** Signals a process, or a group (negative); false when there is none. */
function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal)
  } catch {
    return false
  }
}

/**
 * A shell of one line that waits on a pipe from us. When we are gone, killed -9 included, the pipe
 * ends and the shell signals the child. Works for programs that are not ours, and everywhere.
 */
function watch(target: number, signal: ChildOptions['onOrphaned']): () => void {
  const script = 'read -r _; kill -s "$1" -- "$2"'
  const shell = spawn('/bin/sh', ['-c', script, 'sh', signal.slice(3), String(target)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.on('error', () => undefined)
  shell.unref()
  shell.stdin.on('error', () => undefined)
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  return () => shell.kill('SIGKILL')
}

/** "ended with code 1" or "was ended by SIGKILL". */
export function describeExit(exit: Exit): string {
  return exit.signal === null ? `ended with code ${exit.code}` : `was ended by ${exit.signal}`
}

/** The last lines of a log file, for a message about why its program did not start. */
export function lastLines(path: string, count = 5): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
  } catch {
    return ''
  }
}
