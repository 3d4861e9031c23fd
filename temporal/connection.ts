import type { Client } from '@temporalio/client'
import { type DataConverter, IllegalStateError } from '@temporalio/common'
import { DefaultLogger, type LogEntry, NativeConnection, Runtime } from '@temporalio/worker'
import { FractalError, messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { TEMPORAL_OPTIONS } from '../base/options/groups.js'
import type { Options } from '../base/options/options.js'
import { temporalAddress } from './address.js'
import { assertReadable } from './assert-payloads-readable.js'
import { openTemporalClient } from './client.js'
import { unreachableHint } from './unreachable-hint.js'

/** A worker's two connections: its own, and one for starting workflows. */
export interface TemporalLink {
  readonly worker: NativeConnection
  readonly client: Client
  readonly namespace: string
  /** Encodes payloads; every worker is created with it. */
  readonly dataConverter: DataConverter
  close(): Promise<void>
}

/** @throws FractalError `temporal_unreachable`, `payload_key_missing`, `bad_option` */
export async function connectTemporal(
  options: Options<(typeof TEMPORAL_OPTIONS)[number]>,
  log: Log,
): Promise<TemporalLink> {
  installRuntime(log)
  const known = temporalAddress(options)
  const { address, namespace, tls, apiKey, dataConverter } = known
  try {
    const worker = await NativeConnection.connect({
      address,
      tls: tls ?? false,
      ...(apiKey === undefined ? {} : { apiKey }),
    })
    const client = openTemporalClient(known)
    const link = {
      worker,
      client,
      namespace,
      dataConverter,
      close: async () => {
        await Promise.allSettled([client.connection.close(), worker.close()])
      },
    }
    await assertReadable(client).catch(async (error) => {
      await link.close()
      throw error
    })
    return link
  } catch (error) {
    if (error instanceof FractalError) throw error
    throw new FractalError(
      'temporal_unreachable',
      `no Temporal at ${address}: ${messageOf(error)}`,
      {
        hint: unreachableHint(messageOf(error), tls !== undefined),
        retryable: true,
        cause: error,
      },
    )
  }
}

/**
 * Routes Temporal's log lines to ours, and disables its signal handling in favour of the command's. One
 * runtime serves all workers of a process and ends with the last of them.
 */
function installRuntime(log: Log): void {
  try {
    Runtime.install({
      shutdownSignals: [],
      logger: new DefaultLogger('WARN', (entry: LogEntry) => {
        const level = entry.level === 'ERROR' ? 'error' : 'warn'
        log[level]({ meta: entry.meta }, entry.message)
      }),
    })
  } catch (error) {
    // Another worker of this process has already installed it.
    if (!(error instanceof IllegalStateError)) throw error
  }
}
