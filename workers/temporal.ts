import { fileURLToPath } from 'node:url'
import type { Client } from '@temporalio/client'
import { IllegalStateError } from '@temporalio/common'
import {
  bundleWorkflowCode,
  DefaultLogger,
  type LogEntry,
  NativeConnection,
  Runtime,
} from '@temporalio/worker'
import { FractalError, messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Options } from '../base/options.js'
import { openTemporalClient } from './temporal-client.js'

export const TEMPORAL_OPTIONS = ['temporal.address', 'temporal.namespace'] as const

/** A worker's two connections: its own, and one for starting workflows. */
export interface TemporalLink {
  readonly worker: NativeConnection
  readonly client: Client
  readonly namespace: string
  close(): Promise<void>
}

/** @throws FractalError `temporal_unreachable` */
export async function connectTemporal(
  options: Options<(typeof TEMPORAL_OPTIONS)[number]>,
  log: Log,
): Promise<TemporalLink> {
  installRuntime(log)
  const address = options['temporal.address']
  const namespace = options['temporal.namespace']
  try {
    const worker = await NativeConnection.connect({ address })
    const client = openTemporalClient(address, namespace)
    return {
      worker,
      client,
      namespace,
      close: async () => {
        await Promise.allSettled([client.connection.close(), worker.close()])
      },
    }
  } catch (error) {
    throw new FractalError(
      'temporal_unreachable',
      `no Temporal at ${address}: ${messageOf(error)}`,
      {
        hint: 'Start Temporal, or give its address with --temporal.address.',
        retryable: true,
        cause: error,
      },
    )
  }
}

/**
 * Temporal's own log lines go into ours; its signal handling gives way to the command's. One runtime
 * serves all workers of a process and ends with the last of them.
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
    // Another worker of this process did.
    if (!(error instanceof IllegalStateError)) throw error
  }
}

/** Workflows are bundled once at start: about two seconds. */
export async function workflowBundle(log: Log): Promise<{ code: string }> {
  const quiet = new DefaultLogger('WARN', (entry) => log.warn({ meta: entry.meta }, entry.message))
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    logger: quiet,
  })
}
