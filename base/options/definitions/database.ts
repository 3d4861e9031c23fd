import { z } from 'zod'
import { number, option, port, text, whole } from '../define-option.js'
import { isDatabaseHost, isPostgresUrl } from '../postgres-url.js'

const databaseHost = z
  .string()
  .refine(isDatabaseHost, 'must be a host’s name or address; a socket’s folder goes into a URL')
const postgresUrl = z
  .string()
  .refine(isPostgresUrl, 'must be a URL: postgres://USER:PASSWORD@HOST:PORT/NAME')
/** Of ASCII: what clients make of other letters (SASLprep) differs. */
const rolePassword = z
  .string()
  .regex(/^[!-~]{16,}$/, 'must have at least 16 characters, of printable ASCII without spaces')

/** Where PostgreSQL is. */
export const DATABASE = {
  'database.url': option(
    postgresUrl,
    undefined,
    'URL of PostgreSQL: postgres://USER:PASSWORD@HOST:PORT/NAME; wins over the other database options',
    true,
  ),
  'database.host': option(databaseHost, '127.0.0.1', 'host of PostgreSQL'),
  'database.port': option(port, 5432, 'port of PostgreSQL'),
  'database.index': option(whole(0, 2 ** 31 - 1), 0, 'suffix of the database’s name'),
  'database.user': option(text, 'fractal', 'user of PostgreSQL'),
  'database.password': option(text, undefined, 'password of PostgreSQL', true),
  'database.tls': option(
    z.enum(['off', 'require', 'verify']),
    'off',
    'TLS to PostgreSQL: off; require (encrypted, server not verified); verify (encrypted and verified)',
  ),
  'database.tls_ca': option(
    text,
    undefined,
    'file (PEM) of the authority of PostgreSQL’s certificate (default: those that Node knows)',
  ),
  'database.tls_cert': option(text, undefined, 'file (PEM) of our certificate for PostgreSQL'),
  'database.tls_key': option(text, undefined, 'file (PEM) of that certificate’s key'),
}

/** The logins that `fractal migrate --roles` makes. */
export const ROLES = {
  'roles.prefix': option(
    z.string().regex(/^[a-z_][a-z0-9_]{0,50}$/, 'must be of a-z, 0-9 and _'),
    'fractal',
    'PostgreSQL’s login roles are PREFIX_api, PREFIX_worker and PREFIX_gpu',
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

/** How long what is stored is kept. */
export const RETENTION = {
  'retention.videos_days': option(
    whole(0, 36_500),
    30,
    'days after its end that a video’s frames and prompts are kept (its MP4: 24 hours); 0: for ever',
  ),
  'retention.records_days': option(
    number(z.int().refine((days) => days === 0 || (days >= 30 && days <= 36_500))),
    90,
    'days that records, verdicts and evidence are kept (hashes and signatures of records: for ever), 30 at least; 0: for ever',
  ),
}
