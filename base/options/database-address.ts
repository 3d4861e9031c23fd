import type { ConnectionOptions } from 'node:tls'
import { FractalError } from '../errors.js'
import type { Options } from './options.js'
import { isIPv6Host, withoutBrackets } from './postgres-url.js'
import { readTlsFiles } from './tls-files.js'

type DatabaseOptions = Options<
  | 'database.url'
  | 'database.host'
  | 'database.port'
  | 'database.index'
  | 'database.user'
  | 'database.password'
>
type DatabaseTlsOptions = Options<
  'database.url' | 'database.tls' | 'database.tls_ca' | 'database.tls_cert' | 'database.tls_key'
>

/** Where PostgreSQL is, and how to connect to it. */
export interface DatabaseAddress {
  readonly url: string
  /** Absent: according to the URL's `sslmode`, else without TLS. */
  readonly tls?: ConnectionOptions | undefined
}

/** @throws FractalError `bad_option` */
export function databaseAddress(options: DatabaseOptions & DatabaseTlsOptions): DatabaseAddress {
  return { url: databaseUrl(options), tls: databaseTls(options) }
}

/** The PostgreSQL URL: `database.url`, or built from its parts. */
export function databaseUrl(options: DatabaseOptions): string {
  if (options['database.url'] !== undefined) return options['database.url']
  const host = withoutBrackets(options['database.host'])
  // Built as one string: setting `hostname` to something invalid would silently keep the previous host.
  const authority = isIPv6Host(host) ? `[${host}]` : host
  const url = new URL(`postgres://${authority}:${options['database.port']}`)
  // Encoded first: the setters leave a `%` unchanged, but the driver decodes it.
  url.username = encodeURIComponent(options['database.user'])
  url.password = encodeURIComponent(options['database.password'] ?? '')
  url.pathname =
    options['database.index'] === 0 ? '/fractal' : `/fractal${options['database.index']}`
  return url.href
}

function databaseTls(options: DatabaseTlsOptions): ConnectionOptions | undefined {
  const mode = options['database.tls']
  const paths = {
    ca: options['database.tls_ca'],
    cert: options['database.tls_cert'],
    key: options['database.tls_key'],
  }
  if (mode === 'off') {
    const [part] = Object.entries(paths).find(([, path]) => path !== undefined) ?? []
    if (part === undefined) return undefined
    throw new FractalError('bad_option', `--database.tls_${part} needs --database.tls`, {
      hint: 'Give --database.tls verify (or require).',
    })
  }
  refuseTwoModes(options['database.url'])
  const files = readTlsFiles('database.tls', paths)
  if (mode === 'verify') return files
  // With a CA, `require` accepts only certificates issued by it, whatever their name.
  return files.ca === undefined
    ? { ...files, rejectUnauthorized: false }
    : { ...files, checkServerIdentity: () => undefined }
}

/** The driver would follow the URL, and silently ignore the option. */
function refuseTwoModes(url: string | undefined): void {
  if (url === undefined) return
  const said = [...new URL(url).searchParams.keys()].find((name) => /^(use)?(ssl|libpq)/.test(name))
  if (said === undefined) return
  throw new FractalError('bad_option', `--database.tls: the URL already says ${said}`, {
    hint: 'Give one of the two: --database.tls, or sslmode in the URL.',
  })
}
