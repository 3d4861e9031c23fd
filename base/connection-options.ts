import type { Options } from './options.js'

type DatabaseOptions = Options<
  'database.url' | 'database.host' | 'database.port' | 'database.index' | 'database.password'
>

/** The PostgreSQL address: `database.url`, or one made of its parts (user `fractal`). */
export function databaseUrl(options: DatabaseOptions): string {
  if (options['database.url'] !== undefined) return options['database.url']
  const url = new URL('postgres://fractal@localhost')
  url.hostname = options['database.host']
  url.port = String(options['database.port'])
  url.password = options['database.password'] ?? ''
  url.pathname =
    options['database.index'] === 0 ? '/fractal' : `/fractal${options['database.index']}`
  return url.href
}
