import { LEDGER_OPTIONS } from './options.js'

export const MIGRATE_OPTIONS = [
  ...LEDGER_OPTIONS,
  'roles.prefix',
  'roles.api_password',
  'roles.worker_password',
  'roles.gpu_password',
] as const
