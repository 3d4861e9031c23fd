import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { shortClass } from '../../formats/determinism-class.js'
import type { Database } from '../../ledger/database.js'
import { claimGpuQueue, keepGpuQueue, leaveGpuQueue } from '../../ledger/judging/gpu-queues.js'
import { startPeriodic } from '../sweeps/periodic.js'

/** Three updates may be lost before the claim counts as silent. */
const KEEP_MS = 25_000

/** The right to poll a queue of GPU tasks, which has one determinism class. */
export interface GpuQueueClaim {
  /**
   * Rejects when the queue went to another class, which it does only after this process was silent for long.
   */
  readonly lost: Promise<never>
  leave(): Promise<void>
}

/**
 * Claims the queue for this class, and keeps the claim.
 * @throws FractalError `queue_of_other_class` while workers of another class poll it
 */
export async function takeGpuQueue(
  db: Database,
  queue: string,
  determinismClass: string,
  log: Log,
  keepMs = KEEP_MS,
): Promise<GpuQueueClaim> {
  const claim = await claimGpuQueue(db, queue, determinismClass)
  if ('taken' in claim) throw otherClass(queue, claim.taken, determinismClass)
  let lose: (error: Error) => void = () => {}
  const lost = new Promise<never>((_, reject) => {
    lose = reject
  })
  // Not an unhandled rejection where nobody awaits it.
  lost.catch(() => undefined)
  const keeping = startPeriodic(
    keepMs,
    async () => {
      if (await keepGpuQueue(db, claim.id)) return
      keeping.stop()
      lose(
        new FractalError('queue_lost', `${queue} went to a GPU worker of another class meanwhile`, {
          hint: 'This process was silent for over a minute. Started again, it says which class the queue has now.',
        }),
      )
    },
    log,
    'the claim to the GPU queue could not be kept',
  )
  return {
    lost,
    leave: () => {
      keeping.stop()
      return leaveGpuQueue(db, claim.id)
    },
  }
}

function otherClass(queue: string, taken: string, own: string): FractalError {
  return new FractalError(
    'queue_of_other_class',
    `${queue} is polled by GPU workers of class ${shortClass(taken)}, and this one is of class ${shortClass(own)}`,
    {
      hint: 'One queue has one class, so that nobody is judged by luck. Give this machine the same model and libraries, or stop the other workers first (one that was killed is forgotten after 90 s).',
      details: { taken, own },
    },
  )
}
