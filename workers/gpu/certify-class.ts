import type { Log } from '../../base/log.js'
import { certify } from '../../engine/class/certify.js'
import type { Engine } from '../../engine/engine.js'
import type { Device } from '../../engine/pipeline/generator.js'
import type { Database } from '../../ledger/database.js'
import {
  type CertificateRow,
  certificateOf,
  putCertificate,
} from '../../ledger/judging/certificates.js'
import type { MechanismProfile } from '../../rules/profile.js'

export interface CertifyClassDeps {
  db: Database
  determinismClass: string
  device: Device
  modelDir: string
  profile: Pick<MechanismProfile, 'name' | 'certificateRuns'>
  log: Log
  signal: AbortSignal
}

/**
 * The class's certificate: the stored one when it has enough runs and was not revoked, else a new one. Half
 * of the certifying runs are in the session that is given, half in a process of their own.
 * @param options.again makes a new one in any case
 * @param options.session in which the first half runs
 * @param options.beforeSecondProcess called in between: a session that stays open holds the model twice
 * @param options.openSecond an engine of another process, in place of one that is started here
 */
export async function certifyClass(
  { db, determinismClass, device, modelDir, profile, log, signal }: CertifyClassDeps,
  options: {
    again: boolean
    session: Engine
    beforeSecondProcess?: () => Promise<void>
    openSecond?: () => Promise<Engine>
  },
): Promise<CertificateRow> {
  const stored = await certificateOf(db, determinismClass)
  const { device: computes } = options.session
  if (!options.again && stored !== null && suffices(stored, profile.certificateRuns, computes)) {
    if (!stored.exact) log.warn('this class is not exact: its bytes are compared within tolerances')
    return stored
  }
  const runs = profile.certificateRuns
  const revoked = stored?.revokedReason ?? undefined
  log.info({ runs, revoked }, 'certifying this determinism class: no tasks are taken meanwhile')
  const made = await certify({
    ...{ modelDir, device, runs, signal },
    session: options.session,
    ...(options.beforeSecondProcess && { beforeSecondProcess: options.beforeSecondProcess }),
    ...(options.openSecond && { openSecond: options.openSecond }),
    onRun: (run) => log.info({ run, runs }, 'certifying'),
  })
  const { exact, usPerWork, coldUs, stepDeviation } = made
  log.info({ exact, usPerWork, coldUs, stepDeviation, runs }, 'certified')
  return putCertificate(db, { ...made, profile: profile.name })
}

/**
 * Whether a stored certificate need not be made anew: it has enough runs, was not revoked, and has all that is
 * measured today. A CPU has no cold price, whichever version certified it.
 */
export function suffices(
  stored: Pick<
    CertificateRow,
    'spotCheckUsPerPixel' | 'stepDeviation' | 'coldUs' | 'runs' | 'revokedAt'
  >,
  runs: number,
  device: Device,
): boolean {
  const { spotCheckUsPerPixel, stepDeviation, coldUs } = stored
  const isCold = coldUs !== null || device === 'cpu'
  const whole = spotCheckUsPerPixel !== null && stepDeviation !== null && isCold
  return whole && stored.runs >= runs && stored.revokedAt === null
}
