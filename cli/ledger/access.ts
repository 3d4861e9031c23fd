import { fileURLToPath } from 'node:url'
import { FractalError } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { CHAIN_OPTIONS, WALLET_OPTIONS } from '../../base/options/groups.js'
import {
  isNamed as isNamedIn,
  type OptionName,
  type Options,
  resolveOptions,
} from '../../base/options/options.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import { LedgerError } from '../../ledger/errors.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { servedVerifier } from '../../workers/served-verifier.js'
import { environmentOver } from '../environment.js'
import { LEDGER_OPTIONS } from './options.js'
import { readRunFile } from './run-file.js'

type Given = Readonly<Record<string, unknown>>
type Environment = Readonly<Record<string, string | undefined>>

/** Where `fractal demo` keeps its state, from wherever it is started. */
const CLONE_STATE_DIR = fileURLToPath(new URL('../../.fractal', import.meta.url))

/** Options that say which database is meant. */
const DATABASE_OPTIONS = LEDGER_OPTIONS.filter((name) => name.startsWith('database.'))

/**
 * The environment, and where neither it nor the command line says where a store, the chain or the wallet is, what a
 * running demo says: that of the state folder that is named, else this clone's, else this folder's.
 */
export function environmentBesideDemo(
  given: Given,
  env: Environment = process.env,
  cloneStateDir = CLONE_STATE_DIR,
): Environment {
  const isNamed = (name: OptionName) => isNamedIn(name, given, env)
  const { 'state.dir': stateDir } = resolveOptions(['state.dir'], given, env)
  const run = readRunFile(isNamed('state.dir') ? [stateDir] : [cloneStateDir, stateDir])
  if (run === null) return env
  return environmentOver(
    {
      // Another database does not know the demo's verifier.
      ...(DATABASE_OPTIONS.some(isNamed)
        ? {}
        : {
            FRACTAL_DATABASE_URL: run.databaseUrl,
            FRACTAL_NETUID: String(run.netuid),
            FRACTAL_API_VERIFIER: run.verifier,
            ...(CHAIN_OPTIONS.some(isNamed)
              ? {}
              : { FRACTAL_SUBTENSOR_CHAIN_ENDPOINT: run.chainEndpoint }),
            ...(WALLET_OPTIONS.some(isNamed)
              ? {}
              : { FRACTAL_WALLET_PATH: run.walletPath, FRACTAL_WALLET_NAME: run.walletName }),
          }),
      ...(isNamed('temporal.address') ? {} : { FRACTAL_TEMPORAL_ADDRESS: run.temporalAddress }),
    },
    env,
  )
}

/** Opens the ledger for one question about one verifier’s grid, and closes it again. */
export function withLedger<T>(
  given: Given,
  ask: (db: Database, id: VerifierId) => Promise<T>,
): Promise<T> {
  const { netuid, 'api.verifier': verifier } = ledgerOptions(given)
  return withDatabase(given, async (db) =>
    ask(db, await servedVerifier(db, netuid, verifier, warn)),
  )
}

function ledgerOptions(given: Given): Options<(typeof LEDGER_OPTIONS)[number]> {
  return resolveOptions(LEDGER_OPTIONS, given, environmentBesideDemo(given))
}

/**
 * Opens the ledger for one question, and closes it again.
 * @throws FractalError `not_migrated` when nothing has made its tables
 */
export async function withDatabase<T>(given: Given, ask: (db: Database) => Promise<T>): Promise<T> {
  const options = ledgerOptions(given)
  const db = openDatabase({
    ...databaseAddress(options),
    applicationName: 'fractal-cli',
    max: 2,
    log: createLog('cli', 'silent'),
  })
  try {
    return await ask(db)
  } catch (error) {
    throw isNoTable(error) ? notMigrated(error) : error
  } finally {
    await db.close()
  }
}

/** SQLSTATE of a table or column that is not there. */
function isNoTable(error: unknown): boolean {
  return error instanceof LedgerError && /^42(P01|703)$/.test(String(error.details.sqlState))
}

function notMigrated(cause: unknown): FractalError {
  return new FractalError('not_migrated', 'The database lacks tables of this version.', {
    hint: 'Run `fractal migrate` as the owner of the database.',
    cause,
  })
}

function warn(message: string): void {
  process.stderr.write(`fractal: ${message}\n`)
}
