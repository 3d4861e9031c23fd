import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { FractalError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Database } from '../ledger/database.js'
import { acquireLease, releaseLease, renewLease } from '../ledger/intervals/lease.js'
import type { VerifierId } from '../ledger/verifier-id.js'

const RENEW_MS = 5000

/** The right of this process to judge with a hotkey, renewed until it is released. */
export interface DeploymentLease {
  readonly fence: number
  /** Rejects when another deployment took the lease: stop judging. */
  readonly lost: Promise<never>
  release(): Promise<void>
}

/** Takes the lease, waiting while another deployment holds it; the signal ends the wait. */
export async function takeLease(
  db: Database,
  id: VerifierId,
  log: Log,
  signal: AbortSignal,
): Promise<DeploymentLease> {
  const holder = `${hostname()}/${process.pid}/${Date.now()}`
  let waitsFor: string | null = null
  for (;;) {
    const answer = await acquireLease(db, id, holder)
    if ('fence' in answer) {
      if (waitsFor !== null)
        log.info({ heldBy: waitsFor }, 'the lease is free: this deployment judges now')
      return keep(db, id, holder, answer.fence, log)
    }
    // A standby waits for days: said when it begins to, and when another takes the lease before it.
    if (answer.heldBy !== waitsFor) {
      log.warn(
        { heldBy: answer.heldBy, expiresInMs: answer.expiresInMs },
        'another deployment judges with this hotkey; waiting for its lease',
      )
      waitsFor = answer.heldBy
    }
    await sleep(Math.min(1000, answer.expiresInMs + 50), undefined, { signal })
  }
}

function keep(
  db: Database,
  id: VerifierId,
  holder: string,
  fence: number,
  log: Log,
): DeploymentLease {
  let lose: (error: Error) => void
  const lost = new Promise<never>((_, reject) => {
    lose = reject
  })
  lost.catch(() => undefined)
  const timer = setInterval(async () => {
    try {
      if (await renewLease(db, id, holder, fence)) return
      lose(
        new FractalError('lease_lost', 'another deployment judges with this hotkey now', {
          hint: 'Stop one of the two verifiers that use this hotkey.',
        }),
      )
    } catch (error) {
      // An outage pauses: the lease is still ours as long as nobody else could take it.
      log.warn({ err: error }, 'the lease was not renewed')
    }
  }, RENEW_MS)
  return {
    fence,
    lost,
    async release() {
      clearInterval(timer)
      await releaseLease(db, id, holder, fence).catch((error) =>
        log.warn({ err: error }, 'the lease was not released; it expires by itself'),
      )
    },
  }
}
