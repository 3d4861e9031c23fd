import type { Database, Queryable } from './database.js'
import { firstOrNull } from './rows.js'
import type { VerifierId } from './verifier-id.js'

export interface SecretRow {
  /** 32 bytes. */
  secret: Buffer
  commitmentSha256: string
  commitmentSignature: string
}

/** Stores the secret of interval n, once. @returns the one that stands */
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
