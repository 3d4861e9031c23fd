import pg from 'pg'
import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { DatabaseAddress } from '../../base/options/database-address.js'

/** The channel that the trigger `jobs_changed` and `putFrames` notify, with the job's id. */
export const JOBS_CHANNEL = 'fractal_jobs'

const RECONNECT_MS = 1_000
const CONNECT_TIMEOUT_MS = 5_000
/** A connection whose peer vanished silently looks like an idle one, so it is pinged. */
const PING_MS = 5_000

/**
 * Notifies listeners when a job changes, whichever process changed it: one LISTEN connection per process,
 * however many listeners. A signal only means "read it again". While the connection is down no signal
 * arrives, so all listeners are notified once it is back; those that can't wait that long must also poll.
 */
export class JobSignals {
  readonly #address: DatabaseAddress
  readonly #applicationName: string
  readonly #log: Log
  readonly #pingMs: number
  readonly #listeners = new Map<string, Set<() => void>>()
  #client: pg.Client | null = null
  #retry: NodeJS.Timeout | undefined
  #closed = false

  /** @param options.pingMs how often the connection is pinged, and how long it may take to answer */
  constructor(options: DatabaseAddress & { applicationName: string; log: Log; pingMs?: number }) {
    this.#pingMs = options.pingMs ?? PING_MS
    this.#address = { url: options.url, tls: options.tls }
    this.#applicationName = options.applicationName
    this.#log = options.log
    void this.#connect()
  }

  /** Whether signals arrive at the moment. */
  get isListening(): boolean {
    return this.#client !== null
  }

  /** Calls `listener` after each change of the job. @returns a function that unsubscribes it */
  on(jobId: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(jobId) ?? new Set()
    this.#listeners.set(jobId, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(jobId) === listeners)
        this.#listeners.delete(jobId)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    await this.#client?.end().catch(() => undefined)
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#address.url,
      ssl: this.#address.tls,
      application_name: `${this.#applicationName}-signals`,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    })
    let lost = false
    let due: NodeJS.Timeout | undefined
    const onLost = (error?: Error) => {
      if (lost) return
      lost = true
      clearTimeout(due)
      if (this.#client === client) this.#client = null
      client.removeAllListeners('notification')
      void client.end().catch(() => undefined)
      if (this.#closed) return
      this.#log.warn(
        { reason: error === undefined ? 'closed' : messageOf(error) },
        'job signals lost; reconnecting',
      )
      this.#retry = setTimeout(() => void this.#connect(), RECONNECT_MS)
    }
    client.on('error', onLost)
    client.on('end', () => onLost())
    client.on('notification', ({ payload }) => this.#notify(payload ?? ''))
    try {
      await client.connect()
      await this.#answered(client, `LISTEN ${JOBS_CHANNEL}`)
    } catch (error) {
      onLost(error as Error)
      return
    }
    if (this.#closed) {
      await client.end().catch(() => undefined)
      return
    }
    this.#client = client
    const ping = () => {
      due = setTimeout(() => {
        this.#answered(client, 'SELECT 1').then(() => !lost && ping(), onLost)
      }, this.#pingMs)
    }
    ping()
    for (const jobId of [...this.#listeners.keys()]) this.#notify(jobId)
  }

  /** Rejects if there is no answer in time; ending the client then closes its socket. */
  async #answered(client: pg.Client, sql: string): Promise<void> {
    let late: NodeJS.Timeout | undefined
    const deadline = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error('no answer in time')), this.#pingMs)
    })
    const answer = client.query(sql)
    answer.catch(() => undefined)
    try {
      await Promise.race([answer, deadline])
    } finally {
      clearTimeout(late)
    }
  }

  #notify(jobId: string): void {
    for (const listener of [...(this.#listeners.get(jobId) ?? [])]) listener()
  }
}
