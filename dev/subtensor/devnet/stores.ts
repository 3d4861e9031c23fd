import { rm } from 'node:fs/promises'
import { FractalError } from '../../../base/errors.js'
import type { Log } from '../../../base/log.js'
import { removePostgres, startPostgres } from '../../postgres/start-postgres.js'
import type { StateDir } from '../../process/state-dir.js'
import { findTemporalCli } from '../../temporal/cli.mjs'
import { startTemporal } from '../../temporal/start-temporal.js'

export interface DevnetStores {
  readonly databaseUrl: string
  readonly temporalAddress: string
  readonly temporalUi: string
  stop(): Promise<void>
}

/**
 * PostgreSQL and Temporal's development server, empty: what they held of an earlier start was of a
 * chain that is gone.
 * @param chainPort theirs are the five after it; any when it is 0
 */
export async function startStores(
  state: StateDir,
  chainPort: number,
  log: Log,
): Promise<DevnetStores> {
  const { cli, tried } = await findTemporalCli()
  if (cli === null) {
    throw new FractalError('temporal_missing', 'there is no Temporal CLI', {
      hint: `Run node dev/setup.mjs. Looked at: ${tried.join('; ')}`,
    })
  }
  await removePostgres(state.postgres)
  for (const suffix of ['', '-wal', '-shm'])
    await rm(`${state.temporalDb}${suffix}`, { force: true })
  const port = (offset: number) => (chainPort === 0 ? 0 : chainPort + offset)
  const postgres = await startPostgres({ dataDir: state.postgres, port: port(1), log })
  try {
    const temporal = await startTemporal({
      cli: cli.path,
      ports: { grpc: port(2), http: port(3), metrics: port(4), ui: port(5) },
      dbFile: state.temporalDb,
      logFile: state.log('temporal'),
      log,
    })
    return {
      databaseUrl: postgres.url,
      temporalAddress: temporal.address,
      temporalUi: temporal.uiUrl,
      stop: async () => {
        await Promise.all([temporal.stop(), postgres.stop('fast')])
      },
    }
  } catch (error) {
    await postgres.stop('fast')
    throw error
  }
}
