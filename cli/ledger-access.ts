import { databaseUrl } from '../base/connection-options.js'
import { createLog } from '../base/log.js'
import { resolveOptions } from '../base/options.js'
import { type Database, openDatabase } from '../ledger/database.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import { servedVerifier } from '../workers/served-verifier.js'
import { LEDGER_OPTIONS } from './ledger-options.js'
import { readRunFile } from './run-file.js'

type Given = Readonly<Record<string, unknown>>
type Environment = Record<string, string | undefined>

/**
 * The environment, and where neither it nor the command line says where a store is, what the demo
 * that runs in this folder says.
 */
export function environmentBesideDemo(given: Given): Environment {
  const { env } = process
  const { 'state.dir': stateDir } = resolveOptions(['state.dir'], given, env)
  const run = readRunFile(stateDir)
  if (run === null) return env
  const named = (option: string, ...variables: string[]) =>
    Object.keys(given).some((name) => name.startsWith(option)) ||
    variables.some((name) => env[name] !== undefined)
  const database = named(
    'database.',
    'DATABASE_URL',
    'FRACTAL_DATABASE_URL',
    'FRACTAL_DATABASE_HOST',
  )
  return {
    // Of another database the demo's verifier is unknown.
    ...(database
      ? {}
      : {
          FRACTAL_DATABASE_URL: run.databaseUrl,
          FRACTAL_NETUID: String(run.netuid),
          FRACTAL_API_VERIFIER: run.verifier,
        }),
    ...(named('temporal.address', 'TEMPORAL_ADDRESS')
      ? {}
      : { FRACTAL_TEMPORAL_ADDRESS: run.temporalAddress }),
    ...env,
  }
}

/** Opens the ledger for one question, and closes it again. */
export async function withLedger<T>(
  given: Given,
  ask: (db: Database, id: VerifierId) => Promise<T>,
): Promise<T> {
  const options = resolveOptions(LEDGER_OPTIONS, given, environmentBesideDemo(given))
  const db = openDatabase({
    url: databaseUrl(options),
    applicationName: 'fractal-cli',
    max: 2,
    log: createLog('cli', 'silent'),
  })
  try {
    return await ask(db, await servedVerifier(db, options.netuid, options['api.verifier']))
  } finally {
    await db.close()
  }
}
