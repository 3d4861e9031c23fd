import type { RecordedCertificate } from '../../rules/record/public-record.js'
import type { Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'

/** The recorded part of a certificate, and what only its verifier needs. */
export interface NewCertificate extends RecordedCertificate {
  modelRoot: string
  /** The known answer of control runs. */
  framesSha256: string
}

export interface CertificateRow extends NewCertificate {
  certifiedAt: Date
  revokedAt: Date | null
  revokedReason: string | null
}

const COLUMNS = `determinism_class, model_root, exact, runs, processes, us_per_work, cold_us, profile, frames_sha256,
  spot_check_us_per_pixel, step_deviation, frame_deviation, certified_at, revoked_at, revoked_reason`

/** Stores a certificate, replacing the class's last one. @returns the stored one */
export async function putCertificate(db: Queryable, row: NewCertificate): Promise<CertificateRow> {
  await db.execute(
    `INSERT INTO certificates (determinism_class, model_root, exact, runs, processes, us_per_work, cold_us, profile, frames_sha256,
       spot_check_us_per_pixel, step_deviation, frame_deviation)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (determinism_class) DO UPDATE SET
       exact = excluded.exact, runs = excluded.runs, processes = excluded.processes,
       us_per_work = excluded.us_per_work, cold_us = excluded.cold_us, profile = excluded.profile, frames_sha256 = excluded.frames_sha256,
       spot_check_us_per_pixel = excluded.spot_check_us_per_pixel, step_deviation = excluded.step_deviation,
       frame_deviation = excluded.frame_deviation, certified_at = now(), revoked_at = NULL, revoked_reason = NULL`,
    [
      row.determinismClass,
      row.modelRoot,
      row.exact,
      row.runs,
      row.processes,
      row.usPerWork,
      row.coldUs,
      row.profile,
      row.framesSha256,
      row.spotCheckUsPerPixel,
      row.stepDeviation,
      row.frameDeviation,
    ],
  )
  return (await certificateOf(db, row.determinismClass))!
}

export async function certificateOf(
  db: Queryable,
  determinismClass: string,
): Promise<CertificateRow | null> {
  return firstOrNull(
    await db.query(`SELECT ${COLUMNS} FROM certificates WHERE determinism_class = $1`, [
      determinismClass,
    ]),
  )
}

/**
 * The class's own results differed: its answers are compared within tolerances from now on, until its GPU
 * worker has certified it again. The first reason is kept.
 */
export async function revokeExact(
  db: Queryable,
  determinismClass: string,
  reason: string,
): Promise<void> {
  await db.execute(
    `UPDATE certificates SET exact = false, revoked_at = now(), revoked_reason = $2
     WHERE determinism_class = $1 AND exact`,
    [determinismClass, reason],
  )
}

/**
 * Certificates of the classes that queues have now, newest first; of all classes if no queue has one yet. A
 * class that lost its exactness still has a certificate, but not an exact one.
 */
export async function currentCertificates(db: Queryable): Promise<CertificateRow[]> {
  return db.query(
    `SELECT ${COLUMNS} FROM certificates
     WHERE determinism_class IN (SELECT determinism_class FROM gpu_queues) OR NOT EXISTS (SELECT FROM gpu_queues)
     ORDER BY certified_at DESC, determinism_class`,
    [],
    { prepare: 'current-certificates' },
  )
}
