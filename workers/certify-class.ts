import type { Log } from '../base/log.js'
import { certify } from '../engine/class/certify.js'
import type { Device } from '../engine/pipeline/generator.js'
import type { Database } from '../ledger/database.js'
import {
  type CertificateRow,
  certificateOf,
  putCertificate,
} from '../ledger/intervals/certificates.js'
import type { MechanismProfile } from '../rules/profile.js'

/**
 * The class's certificate: the stored one when it has enough runs, else a new one, made now. A class
 * that lost its exactness keeps that mark until a person certifies it again (`again`). The certifying
 * runs open sessions of their own: keep no other open, or the GPU holds the model twice.
 */
export async function certifyClass({
  db,
  determinismClass,
  device,
  modelDir,
  profile,
  again,
  log,
}: {
  db: Database
  determinismClass: string
  device: Device
  modelDir: string
  profile: Pick<MechanismProfile, 'name' | 'certificateRuns'>
  again: boolean
  log: Log
}): Promise<CertificateRow> {
  const stored = await certificateOf(db, determinismClass)
  const whole = stored !== null && stored.spotCheckUsPerPixel !== null
  if (!again && whole && stored.runs >= profile.certificateRuns) {
    if (!stored.exact) {
      log.warn(
        { reason: stored.revokedReason },
        'this class is not exact: answers are judged by cosine',
      )
    }
    return stored
  }
  const runs = profile.certificateRuns
  log.info({ runs }, 'certifying this determinism class before the first task')
  const made = await certify({
    modelDir,
    device,
    runs,
    onRun: (run) => log.info({ run, runs }, 'certifying'),
  })
  log.info({ exact: made.exact, usPerWork: made.usPerWork, runs }, 'certified')
  return putCertificate(db, { ...made, profile: profile.name }, { replace: true })
}
