import { FractalError } from '../base/errors.js'

export type LedgerErrorCode =
  /** Postgres can't be reached, went away, or did not answer in time. */
  | 'ledger_unavailable'
  /** Two transactions conflicted; a retry works. */
  | 'ledger_conflict'
  /** The address, user, password or database name is wrong. */
  | 'ledger_refused'
  /** The database was migrated by a newer version of Fractal; also while this process runs. */
  | 'ledger_newer'
  /** Migrations could not be applied. */
  | 'migration_failed'
  /** Migrations are missing, and this user may not apply them. */
  | 'not_migrated'
  /** The user may not do this: its grants are older than this version, or it is another process's user. */
  | 'ledger_forbidden'
  /** TLS: the server is not trusted, or does not support TLS. */
  | 'ledger_untrusted'
  /** A login role is missing, and can't be created without a password. */
  | 'role_missing'
  /** A login role has privileges that none of ours should have. */
  | 'role_overprivileged'
  /** Postgres refused a statement: a bug here, or a constraint that kept bad data out. */
  | 'ledger_query_failed'
  /** Another deployment judges with this hotkey now. */
  | 'lease_lost'
  /** A row has invalid content: JSON from another version, or edited by hand. */
  | 'row_invalid'
  /** A row that must exist is missing. */
  | 'not_recorded'
  /** An interval does not start where the one before it ends. */
  | 'interval_not_contiguous'
  /** An interval can't be settled before the earlier ones. */
  | 'settlement_out_of_order'
  /** An interval is missed or lapsed, which is final. */
  | 'interval_final'

/** An expected failure of the ledger. `retryable` says whether the same call can succeed later. */
export class LedgerError extends FractalError {
  declare readonly code: LedgerErrorCode
}

/** SQLSTATE classes and codes after which the same statement may succeed on another connection or later. */
const UNAVAILABLE = /^(08...|53...|57P0[1-5]|57014|25006|55P03|25P03)$/
const CONFLICT = /^(40...)$/
const REFUSED = /^(28...|3D000)$/
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT)$/
/** A column, a table or a function that this version names is gone: a newer one has migrated under our feet. */
const OUTDATED = /^(42703|42P01|42883)$/
const FORBIDDEN = '42501'
/** Error codes of Node's TLS for an invalid certificate. */
const UNTRUSTED =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|CERT_[A-Z_]+|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_[A-Z_]+|ERR_SSL_[A-Z0-9_]+)$/
const SPEAKS_NO_TLS = /server does not support SSL|error establishing an SSL connection/
/** Messages of pg, which have no code, when a connection ends or times out. */
const TERMINATED =
  /Connection terminated|timeout exceeded|timeout expired|Query read timeout|not queryable|Connection ended|Cannot use a pool after/i

function parts(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return parts(error.errors[0])
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  return {
    code: 'code' in error && typeof error.code === 'string' ? error.code : '',
    message: error.message,
  }
}

/** Converts anything that pg throws to a LedgerError; our own errors pass through. */
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
  if (OUTDATED.test(code)) {
    return new LedgerError(
      'ledger_newer',
      `Postgres does not know what this version asks for: ${message}`,
      {
        hint: 'If a newer version has migrated the database, restart this process with that version; its work goes on there.',
        details: { sqlState: code },
        retryable: true,
        cause: error,
      },
    )
  }
  if (REFUSED.test(code)) {
    return new LedgerError('ledger_refused', `Postgres refused the connection: ${message}`, {
      hint: /no encryption|hostssl|requires.*(certificate|SSL)/i.test(message)
        ? 'The server requires TLS: pass --database.tls verify (and --database.tls_ca, .tls_cert, .tls_key if needed).'
        : 'Check user, password and database name in --database.url (or DATABASE_URL).',
      details: { sqlState: code },
      cause: error,
    })
  }
  if (code === FORBIDDEN) {
    return new LedgerError('ledger_forbidden', `Postgres refused: ${message}`, {
      hint: 'This process’s user lacks privileges. `fractal migrate`, as the owner, grants what each process needs.',
      details: { sqlState: code },
      cause: error,
    })
  }
  // Five characters are an SQLSTATE; anything else was thrown by the caller's own code, not by Postgres.
  if (!/^[0-9A-Z]{5}$/.test(code)) return error
  return new LedgerError('ledger_query_failed', `Postgres refused a statement: ${message}`, {
    details: { sqlState: code },
    cause: error,
  })
}

/**
 * Retryable only for an expired certificate, which may be renewed; the other causes stay until somebody acts.
 */
function untrusted(code: string, message: string, cause: unknown): LedgerError {
  const plain = SPEAKS_NO_TLS.test(message)
  return new LedgerError(
    'ledger_untrusted',
    plain
      ? 'TLS was requested, but Postgres does not support it'
      : `Postgres is not trusted: ${message}`,
    {
      hint: plain
        ? 'Enable TLS on the server (ssl = on), or remove --database.tls (or sslmode).'
        : 'Check --database.tls_ca, and the name and the dates in the server’s certificate.',
      details: { sqlState: code },
      retryable: code === 'CERT_HAS_EXPIRED',
      cause,
    },
  )
}
