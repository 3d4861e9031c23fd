import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../base/log.js'
import { removePostgres, startPostgres } from '../../dev/postgres/start-postgres.js'
import { findTemporalCli } from '../../dev/temporal/cli.mjs'
import { startTemporal } from '../../dev/temporal/start-temporal.js'

export interface BenchStores {
  /** A temporary one, removed when the bench releases what it holds. */
  readonly folder: string
  readonly databaseUrl: string
  readonly temporalAddress: string
}

/**
 * Real stores of a bench's own, on free ports.
 * @param held gets what releases them; call its functions from the last to the first, after a failure too
 */
export async function startStores(
  held: (() => Promise<unknown>)[],
  log: Log,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchStores> {
  const folder = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
  held.push(() => rm(folder, { recursive: true, force: true }))
  const dataDir = join(folder, 'postgres')
  const postgres = await startPostgres({ dataDir, port: 0, log, settings })
  held.push(async () => {
    await postgres.stop('immediate')
    await removePostgres(dataDir)
  })
  const temporal = await startTemporal({
    cli: (await findTemporalCli()).cli!.path,
    ports: { grpc: 0, http: 0, metrics: 0, ui: 0 },
    dbFile: join(folder, 'temporal.db'),
    logFile: join(folder, 'temporal.log'),
    log,
  })
  held.push(() => temporal.kill())
  return { folder, databaseUrl: postgres.url, temporalAddress: temporal.address }
}
