import type { OptionName } from '../../base/options/options.js'

/** What it takes to find the ledger, and the verifier in it. */
export const LEDGER_OPTIONS = [
  'netuid',
  'api.verifier',
  'state.dir',
  'database.url',
  'database.host',
  'database.port',
  'database.index',
  'database.user',
  'database.password',
  'database.tls',
  'database.tls_ca',
  'database.tls_cert',
  'database.tls_key',
] as const satisfies readonly OptionName[]
