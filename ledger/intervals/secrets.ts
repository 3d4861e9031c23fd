import type { Database, Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

export interface SecretRow {
  /** 32 bytes. */
  secret: Buffer
  commitmentSha256: string
  commitmentSignature: string
}

/** Stores the secret of interval n, once. @returns the stored one */
export async function putSecret(
  db: Database,
  id: VerifierId,
  n: number,
  row: { secret: Uint8Array; commitmentSha256: string; commitmentSignature: string },
): Promise<SecretRow> {
  await db.execute(
    `INSERT INTO interval_secrets (netuid, verifier, n, secret, commitment_sha256, commitment_signature)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [id.netuid, id.verifier, n, row.secret, row.commitmentSha256, row.commitmentSignature],
  )
  return (await getSecret(db, id, n))!
}

export async function getSecret(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<SecretRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT secret, commitment_sha256, commitment_signature FROM interval_secrets
       WHERE netuid = $1 AND verifier = $2 AND n = $3`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** A verifier's commitment for an interval; the secret itself is not read here. */
export interface CommitmentRow {
  n: number
  secretSha256: string
  signature: string
}

const COMMITMENT = 'n, commitment_sha256 AS secret_sha256, commitment_signature AS signature'

/** The commitment to interval n's secret; null while there is none. */
export async function commitmentOf(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<CommitmentRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT ${COMMITMENT} FROM interval_secrets WHERE netuid = $1 AND verifier = $2 AND n = $3`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** The newest commitment: while interval n is open, the one for n+1. */
export async function newestCommitment(
  db: Queryable,
  id: VerifierId,
): Promise<CommitmentRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT ${COMMITMENT} FROM interval_secrets WHERE netuid = $1 AND verifier = $2
       ORDER BY n DESC LIMIT 1`,
      [id.netuid, id.verifier],
    ),
  )
}
