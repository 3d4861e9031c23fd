import type { OptionName } from '../base/options.js'

/** What it takes to find the ledger, and the verifier in it. */
export const LEDGER_OPTIONS = [
  'netuid',
  'api.verifier',
  'state.dir',
  'database.url',
  'database.host',
  'database.port',
  'database.index',
  'database.password',
] as const satisfies readonly OptionName[]
