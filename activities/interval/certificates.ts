import { FractalError } from '../../base/errors.js'
import type { Queryable } from '../../ledger/database.js'
import { type CertificateRow, currentCertificates } from '../../ledger/judging/certificates.js'
import { certificateCounts } from '../../rules/judge/certificates.js'
import type { VerifierDeps } from '../verifier-deps.js'

/** The certificates of this model that count, newest first. */
export async function usableCertificates(
  db: Queryable,
  deps: Pick<VerifierDeps, 'model' | 'profile'>,
): Promise<CertificateRow[]> {
  const rows = await currentCertificates(db)
  return rows.filter((row) => certificateCounts(row, deps.model.root, deps.profile))
}

/**
 * How long a video takes on the verifier's GPUs.
 * @throws FractalError `no_certificate` (retryable)
 */
export async function newestCertificate(
  deps: Pick<VerifierDeps, 'db' | 'model' | 'profile'>,
): Promise<CertificateRow> {
  const [newest] = await usableCertificates(deps.db, deps)
  if (newest !== undefined) return newest
  throw new FractalError('no_certificate', 'no GPU worker has certified its class for this model', {
    hint: 'start a gpu-worker: it certifies before its first task',
    retryable: true,
  })
}
