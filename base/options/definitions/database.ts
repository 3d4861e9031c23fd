import { z } from 'zod'
import { number, option, port, text, whole } from '../define-option.js'
import { isDatabaseHost, isPostgresUrl } from '../postgres-url.js'

const databaseHost = z
  .string()
  .refine(isDatabaseHost, 'must be a host name or address; for a Unix socket use a URL')
const postgresUrl = z
  .string()
  .refine(isPostgresUrl, 'must be a URL: postgres://USER:PASSWORD@HOST:PORT/NAME')
/** ASCII only: clients process other characters (SASLprep) differently. */
const rolePassword = z
  .string()
  .regex(/^[!-~]{16,}$/, 'must have at least 16 printable ASCII characters and no spaces')

/** Where PostgreSQL is. */
export const DATABASE = {
  'database.url': option(
    postgresUrl,
    undefined,
    'PostgreSQL URL: postgres://USER:PASSWORD@HOST:PORT/NAME; overrides the other database options',
    true,
  ),
  'database.host': option(databaseHost, '127.0.0.1', 'PostgreSQL host'),
  'database.port': option(port, 5432, 'PostgreSQL port'),
  'database.index': option(whole(0, 2 ** 31 - 1), 0, 'suffix of the database name'),
  'database.user': option(text, 'fractal', 'PostgreSQL user'),
  'database.password': option(text, undefined, 'PostgreSQL password', true),
  'database.tls': option(
    z.enum(['off', 'require', 'verify']),
    'off',
    'TLS to PostgreSQL: off, require (encrypted, server not verified) or verify (encrypted and verified)',
  ),
  'database.tls_ca': option(
    text,
    undefined,
    'CA certificate file (PEM) for PostgreSQL (default: Node’s trusted CAs)',
  ),
  'database.tls_cert': option(text, undefined, 'client certificate file (PEM) for PostgreSQL'),
  'database.tls_key': option(text, undefined, 'private key file (PEM) of that client certificate'),
}

/** The logins that `fractal migrate --roles` creates. */
export const ROLES = {
  'roles.prefix': option(
    z.string().regex(/^[a-z_][a-z0-9_]{0,50}$/, 'must consist of a-z, 0-9 and _'),
    'fractal',
    'prefix of the PostgreSQL login roles: PREFIX_api, PREFIX_worker and PREFIX_gpu',
  ),
  'roles.api_password': option(rolePassword, undefined, 'password of PREFIX_api', true),
  'roles.worker_password': option(
    rolePassword,
    undefined,
    'password of PREFIX_worker (verifier, inference-worker)',
    true,
  ),
  'roles.gpu_password': option(rolePassword, undefined, 'password of PREFIX_gpu', true),
}

/** How long stored data is kept. */
export const RETENTION = {
  'retention.videos_days': option(
    whole(0, 36_500),
    30,
    'days to keep a finished video’s frames and prompts (its MP4: 24 hours); 0: forever',
  ),
  'retention.records_days': option(
    number(z.int().refine((days) => days === 0 || (days >= 30 && days <= 36_500))),
    90,
    'days to keep records, verdicts and evidence, at least 30 (hashes and signatures of records are kept forever); 0: forever',
  ),
}
