import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { FractalError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { type Child, describeExit, type Exit, lastLines, spawnChild } from '../process/child.js'
import { reapPidFile, writePidFile } from '../process/pid-file.js'
import { assertFree, freePort } from '../process/ports.js'

const READY_MS = 30_000
const STOP_MS = 10_000

/** All four, because the server takes random ones for those it is not given. 0 takes a free one. */
export interface TemporalPorts {
  grpc: number
  http: number
  metrics: number
  ui: number
}

export interface TemporalOptions {
  /** Path of the program; see `findTemporalCli`. */
  cli: string
  ports: TemporalPorts
  /** The SQLite file that holds everything; made when missing. */
  dbFile: string
  logFile: string
  log: Log
}

export interface Temporal {
  /** `host:port` for clients and workers. */
  readonly address: string
  readonly uiUrl: string
  readonly ports: TemporalPorts
  readonly pid: number
  readonly logFile: string
  readonly exited: Promise<Exit>
  stop(): Promise<void>
  /** SIGKILL, as a crash would. Resolves when the server has ended. */
  kill(): Promise<void>
}

const WANTS: Record<keyof TemporalPorts, string> = {
  grpc: 'the Temporal server',
  http: "Temporal's HTTP API",
  metrics: "Temporal's metrics",
  ui: "Temporal's web UI",
}

/** How often other ports are chosen where one was lost. */
const TRIES = 3

/**
 * Starts Temporal's dev server with its web UI on 127.0.0.1, and waits until the namespace `default`
 * answers. A second start on the same file continues; what an earlier run left is stopped first.
 *
 * Throws `port_taken` (which port, and what wants it) and `temporal_failed`.
 */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const { dbFile, log } = options
  await mkdir(dirname(dbFile), { recursive: true })
  const pidFile = `${dbFile}.pid.json`
  const left = await reapPidFile(pidFile, 'SIGTERM', STOP_MS)
  if (left !== null)
    log.info({ pid: left }, 'stopped a Temporal server left over from an earlier run')
  // A free port can be lost to somebody else before Temporal has it; a fixed one that stays taken ends this.
  for (let attempt = 1; ; attempt += 1) {
    const ports = await choosePorts(options.ports)
    try {
      return await startServer(options, ports, pidFile)
    } catch (error) {
      const isLost = error instanceof FractalError && error.code === 'port_taken'
      if (!isLost || attempt === TRIES) throw error
      log.info({ reason: error.message }, 'Temporal lost a port while it started')
    }
  }
}

/** @throws FractalError `port_taken` if somebody else has one of the ports by then, `temporal_failed` */
async function startServer(
  { cli, dbFile, logFile }: TemporalOptions,
  ports: TemporalPorts,
  pidFile: string,
): Promise<Temporal> {
  const child = await spawnChild({
    name: 'Temporal',
    command: cli,
    args: serverArgs(ports, dbFile),
    // Its own home: a person's Temporal profile (addresses, keys) has no business here.
    env: { PATH: process.env.PATH, HOME: dirname(dbFile), TZ: 'UTC' },
    logFile,
    onOrphaned: 'SIGTERM',
  })
  await writePidFile(pidFile, child.pid)
  const address = `127.0.0.1:${ports.grpc}`
  const uiUrl = `http://127.0.0.1:${ports.ui}`
  try {
    await untilReady(child, address, uiUrl)
  } catch (error) {
    await child.end('SIGTERM', STOP_MS)
    for (const [name, what] of Object.entries(WANTS)) {
      await assertFree(ports[name as keyof TemporalPorts], what)
    }
    throw error
  }
  return {
    address,
    uiUrl,
    ports,
    pid: child.pid,
    logFile,
    exited: child.exited,
    async stop() {
      await child.end('SIGTERM', STOP_MS)
    },
    async kill() {
      await child.end('SIGKILL', STOP_MS)
    },
  }
}

async function choosePorts(wanted: TemporalPorts): Promise<TemporalPorts> {
  const chosen = { ...wanted }
  for (const name of ['grpc', 'http', 'metrics', 'ui'] as const) {
    if (wanted[name] === 0) chosen[name] = await freePort()
    else await assertFree(wanted[name], WANTS[name])
  }
  return chosen
}

function serverArgs(ports: TemporalPorts, dbFile: string): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn'],
    ...['--port', String(ports.grpc), '--http-port', String(ports.http)],
    ...['--metrics-port', String(ports.metrics), '--ui-port', String(ports.ui)],
    // WAL with NORMAL is safe against a crash of the program, and twice as fast as the default.
    ...['--db-filename', dbFile],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    // `Interval` is a reserved word in Temporal's list queries, hence IntervalNo.
    ...['--search-attribute', 'Netuid=Int', '--search-attribute', 'IntervalNo=Int'],
    ...['--search-attribute', 'Phase=Keyword'],
  ]
}

async function untilReady(child: Child, address: string, uiUrl: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; ; await sleep(50)) {
    try {
      // A connection attempt goes on for its two seconds even when there is nobody left to answer.
      await Promise.race([answers(address, uiUrl), child.exited])
      if (!child.hasExited()) return
    } catch (error) {
      if (!child.hasExited() && Date.now() < deadline) continue
      if (!child.hasExited()) throw failed(child, messageOf(error), error)
    }
    throw failed(child, describeExit(await child.exited))
  }
}

/** The UI too: what answers at a port that ours lost may be another Temporal, which does not have both. */
async function answers(address: string, uiUrl: string): Promise<void> {
  await describeNamespace(address)
  await fetch(uiUrl, { method: 'HEAD', signal: AbortSignal.timeout(2000) })
}

async function describeNamespace(address: string): Promise<void> {
  // Not `Connection.connect`: one that fails is never closed, and somebody else's server may keep its socket open.
  const connection = Connection.lazy({ address, connectTimeout: 2000 })
  try {
    await connection.ensureConnected()
    await connection.workflowService.describeNamespace({ namespace: 'default' })
  } finally {
    await connection.close()
  }
}

function failed(child: Child, how: string, cause?: unknown): FractalError {
  return new FractalError(
    'temporal_failed',
    `The Temporal server did not start (${how}):\n${lastLines(child.logFile)}`,
    { hint: `Its log: ${child.logFile}`, cause },
  )
}
