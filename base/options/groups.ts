/** Options that several roles take together. */
export const CHAIN_OPTIONS = ['netuid', 'subtensor.network', 'subtensor.chain_endpoint'] as const

export const WALLET_OPTIONS = ['wallet.path', 'wallet.name', 'wallet.hotkey'] as const

export const DATABASE_OPTIONS = [
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
] as const

export const TEMPORAL_OPTIONS = [
  'temporal.address',
  'temporal.namespace',
  'temporal.tls',
  'temporal.tls_ca',
  'temporal.tls_cert',
  'temporal.tls_key',
  'temporal.tls_server_name',
  'temporal.api_key',
  'temporal.payload_key',
] as const
