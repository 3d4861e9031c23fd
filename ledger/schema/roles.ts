import type pg from 'pg'
import { scramVerifier } from '../../base/auth/scram.js'
import type { Log } from '../../base/log.js'
import { LedgerError } from '../errors.js'
import {
  DATABASE_ROLE_KINDS,
  type DatabaseRoleKind,
  FUNCTION_GRANTS,
  TABLE_GRANTS,
} from './grants.js'

/** A login role that should exist: with a password, it is created or gets that password. */
export interface WantedRole {
  role: string
  kind: DatabaseRoleKind
  password: string | undefined
}

/** `fractal_api`, `fractal_worker`, `fractal_gpu`. */
export function roleName(prefix: string, kind: DatabaseRoleKind): string {
  return `${prefix}_${kind}`
}

/**
 * Creates the login roles, or gives existing ones a new password, and records what each is for. `grantRoles`
 * grants their privileges.
 * @throws LedgerError `role_missing`, `role_overprivileged`
 */
export async function makeRoles(client: pg.Client, wanted: readonly WantedRole[]): Promise<void> {
  for (const { role, kind, password } of wanted) {
    const name = client.escapeIdentifier(role)
    const exists = await isThere(client, role)
    if (!exists && password === undefined) throw roleMissing(role, kind)
    if (exists) await refuseOverprivileged(client, role)
    if (password !== undefined) {
      const verifier = client.escapeLiteral(scramVerifier(password))
      await client.query(
        exists
          ? `ALTER ROLE ${name} LOGIN PASSWORD ${verifier}`
          : `CREATE ROLE ${name} LOGIN NOINHERIT PASSWORD ${verifier}`,
      )
    }
    await client.query(
      `INSERT INTO database_roles (role, kind) VALUES ($1, $2) ON CONFLICT (role) DO UPDATE SET kind = excluded.kind`,
      [role, kind],
    )
  }
}

/**
 * Grants the recorded roles what this version's processes need, and revokes everything else, atomically.
 * @returns the roles, without those that this server does not have (a database restored elsewhere)
 */
export async function grantRoles(client: pg.Client, log: Log): Promise<string[]> {
  const { rows } = await client.query<{ role: string; kind: DatabaseRoleKind; known: boolean }>(
    `SELECT d.role, d.kind, r.rolname IS NOT NULL AS known
     FROM database_roles d LEFT JOIN pg_roles r ON r.rolname = d.role ORDER BY d.role`,
  )
  for (const { role, known } of rows) {
    if (!known)
      log.warn({ role }, 'this server has no such role: `fractal migrate --roles` creates it')
  }
  const known = rows.filter((row) => row.known)
  if (known.length === 0) return []
  await client.query('BEGIN')
  try {
    await closeToPublic(client)
    for (const { role, kind } of known) await grant(client, role, kind)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
  return known.map(({ role }) => role)
}

async function grant(client: pg.Client, role: string, kind: DatabaseRoleKind): Promise<void> {
  const name = client.escapeIdentifier(role)
  const { rows } = await client.query<{ database: string }>('SELECT current_database() AS database')
  const statements = [
    `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${name}`,
    `GRANT CONNECT ON DATABASE ${client.escapeIdentifier(rows[0]!.database)} TO ${name}`,
    `GRANT USAGE ON SCHEMA public TO ${name}`,
    ...Object.entries(TABLE_GRANTS).flatMap(([table, grants]) =>
      grants[kind] === undefined ? [] : [`GRANT ${grants[kind]} ON public.${table} TO ${name}`],
    ),
    ...Object.entries(FUNCTION_GRANTS).map(([signature, kinds]) =>
      kinds.includes(kind)
        ? `GRANT EXECUTE ON FUNCTION public.${signature} TO ${name}`
        : `REVOKE ALL ON FUNCTION public.${signature} FROM ${name}`,
    ),
  ]
  // One message: a round trip per statement would take seconds with a distant server.
  await client.query(statements.join(';\n'))
}

/**
 * Revokes the right to create temporary tables, which could fill the disk. A database that is not ours is
 * left alone.
 */
async function closeToPublic(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ database: string; owned: boolean }>(
    `SELECT datname AS database, pg_has_role(datdba, 'USAGE') AS owned
     FROM pg_database WHERE datname = current_database()`,
  )
  const { database, owned } = rows[0]!
  if (!owned) return
  await client.query(
    `REVOKE TEMPORARY ON DATABASE ${client.escapeIdentifier(database)} FROM PUBLIC;
     REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
  )
}

async function isThere(client: pg.Client, role: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
  return rowCount === 1
}

/** Refuses roles with privileges that no REVOKE on tables removes. */
async function refuseOverprivileged(client: pg.Client, role: string): Promise<void> {
  const { rows } = await client.query<{ overprivileged: boolean }>(
    `SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR pg_has_role(rolname, current_user, 'MEMBER') AS overprivileged
     FROM pg_roles WHERE rolname = $1`,
    [role],
  )
  if (rows[0]?.overprivileged !== true) return
  throw new LedgerError(
    'role_overprivileged',
    `the role ${role} may do more than its process should`,
    {
      hint: 'Use another --roles.prefix, or make it an ordinary role (no superuser, no CREATEROLE, not a member of the owner).',
    },
  )
}

function roleMissing(role: string, kind: DatabaseRoleKind): LedgerError {
  return new LedgerError(
    'role_missing',
    `there is no role ${role}, and no password to create it with`,
    {
      hint: `Give --roles.${kind}_password_file, or have an administrator create the role first.`,
    },
  )
}

/** All three roles, from the options. */
export function wantedRoles(
  prefix: string,
  passwords: Readonly<Record<DatabaseRoleKind, string | undefined>>,
): WantedRole[] {
  return DATABASE_ROLE_KINDS.map((kind) => ({
    role: roleName(prefix, kind),
    kind,
    password: passwords[kind],
  }))
}
