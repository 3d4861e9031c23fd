import type { Options } from './options.js'
import { isIPv6Host, withoutBrackets } from './postgres-address.js'

type DatabaseOptions = Options<
  'database.url' | 'database.host' | 'database.port' | 'database.index' | 'database.password'
>

/** The PostgreSQL address: `database.url`, or one made of its parts (user `fractal`). */
export function databaseUrl(options: DatabaseOptions): string {
  if (options['database.url'] !== undefined) return options['database.url']
  const host = withoutBrackets(options['database.host'])
  // In one piece: setting `hostname` to what can't be one would silently keep the host before it.
  const authority = isIPv6Host(host) ? `[${host}]` : host
  const url = new URL(`postgres://fractal@${authority}:${options['database.port']}`)
  // Encoded first: the setter leaves a `%` as it is, and the driver decodes.
  url.password = encodeURIComponent(options['database.password'] ?? '')
  url.pathname =
    options['database.index'] === 0 ? '/fractal' : `/fractal${options['database.index']}`
  return url.href
}
