import { FractalError } from '../base/errors.js'

export type LedgerErrorCode =
  /** Postgres can't be reached, went away, or did not answer in time. */
  | 'ledger_unavailable'
  /** Two transactions got in each other's way; the same again works. */
  | 'ledger_conflict'
  /** The address, user, password or database name is wrong. */
  | 'ledger_refused'
  /** The database was migrated by a newer version of Fractal. */
  | 'ledger_newer'
  /** Migrations could not be applied. */
  | 'migration_failed'
  /** Migrations are missing, and this user may not apply them. */
  | 'not_migrated'
  /** The user may not do this: its grants are older than this version, or it is another process' user. */
  | 'ledger_forbidden'
  /** TLS: who answers is not whom we trust, or speaks no TLS. */
  | 'ledger_untrusted'
  /** A login role is not there, and without a password can't be made. */
  | 'role_missing'
  /** A login role of ours that has rights which none should have. */
  | 'role_overprivileged'
  /** Postgres refused a statement: a bug here, or a constraint that kept bad data out. */
  | 'ledger_query_failed'
  /** Another deployment judges with this hotkey now. */
  | 'lease_lost'
  /** A row holds what it must not: JSON of another version, or changed by hand. */
  | 'row_invalid'
  /** A row that must be there is not. */
  | 'not_recorded'
  /** An interval does not start where the one before it ends. */
  | 'interval_not_contiguous'
  /** An interval can't be settled before those before it. */
  | 'settlement_out_of_order'
  /** An interval is missed or lapsed, which is final. */
  | 'interval_final'

/** An expected failure of the ledger. `retryable` says whether the same call can succeed later. */
export class LedgerError extends FractalError {
  declare readonly code: LedgerErrorCode
}

/** SQLSTATE classes and codes after which the same statement can succeed on another connection or later. */
const UNAVAILABLE = /^(08...|53...|57P0[1-5]|57014|25006|55P03|25P03)$/
const CONFLICT = /^(40...)$/
const REFUSED = /^(28...|3D000)$/
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT)$/
const FORBIDDEN = '42501'
/** Of Node's TLS, when a certificate does not hold. */
const UNTRUSTED =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|CERT_[A-Z_]+|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_[A-Z_]+|ERR_SSL_[A-Z0-9_]+)$/
const SPEAKS_NO_TLS = /server does not support SSL|error establishing an SSL connection/
/** What pg says, without a code, when a connection ends or a deadline passes. */
const TERMINATED =
  /Connection terminated|timeout exceeded|Query read timeout|not queryable|Connection ended|Cannot use a pool after/i

function parts(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return parts(error.errors[0])
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  return {
    code: 'code' in error && typeof error.code === 'string' ? error.code : '',
    message: error.message,
  }
}

/** Anything pg throws, as a LedgerError; errors that are ours already pass through. */
export function toLedgerError(error: unknown): unknown {
  if (error instanceof FractalError) return error
  const { code, message } = parts(error)
  if (UNAVAILABLE.test(code) || NETWORK.test(code) || TERMINATED.test(message)) {
    return new LedgerError('ledger_unavailable', `Postgres is not available: ${message}`, {
      hint: 'Check that Postgres runs and can be reached; work continues by itself once it is back.',
      details: { sqlState: code },
      retryable: true,
      cause: error,
    })
  }
  if (UNTRUSTED.test(code) || SPEAKS_NO_TLS.test(message)) return untrusted(code, message, error)
  if (CONFLICT.test(code)) {
    return new LedgerError('ledger_conflict', `Postgres ended a transaction: ${message}`, {
      details: { sqlState: code },
      retryable: true,
      cause: error,
    })
  }
  if (REFUSED.test(code)) {
    return new LedgerError('ledger_refused', `Postgres refused the connection: ${message}`, {
      hint: /no encryption|hostssl|requires.*(certificate|SSL)/i.test(message)
        ? 'The server wants TLS: give --database.tls verify (and --database.tls_ca, .tls_cert, .tls_key as it needs).'
        : 'Check user, password and database name in --database.url (or DATABASE_URL).',
      details: { sqlState: code },
      cause: error,
    })
  }
  if (code === FORBIDDEN) {
    return new LedgerError('ledger_forbidden', `Postgres refused: ${message}`, {
      hint: 'This process’s user lacks the rights. `fractal migrate`, as the owner, grants what each process needs.',
      details: { sqlState: code },
      cause: error,
    })
  }
  // Five characters are an SQLSTATE; anything else was not thrown by Postgres but by the caller's own code.
  if (!/^[0-9A-Z]{5}$/.test(code)) return error
  return new LedgerError('ledger_query_failed', `Postgres refused a statement: ${message}`, {
    details: { sqlState: code },
    cause: error,
  })
}

/** A certificate that was renewed holds again; the others stay as they are until somebody does something. */
function untrusted(code: string, message: string, cause: unknown): LedgerError {
  const plain = SPEAKS_NO_TLS.test(message)
  return new LedgerError(
    'ledger_untrusted',
    plain ? 'Postgres speaks no TLS, which was asked for' : `Postgres is not trusted: ${message}`,
    {
      hint: plain
        ? 'Switch TLS on at the server (ssl = on), or take --database.tls (or sslmode) away.'
        : 'Check --database.tls_ca, and the name and the dates in the server’s certificate.',
      details: { sqlState: code },
      retryable: code === 'CERT_HAS_EXPIRED',
      cause,
    },
  )
}
