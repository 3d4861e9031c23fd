import { Worker } from '@temporalio/worker'
import { createWebhookActivities } from '../../activities/webhook-activities.js'
import type { WebhookDeps } from '../../activities/webhook-deps.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { TemporalLink } from '../../temporal/connection.js'
import { WEBHOOK_QUEUE } from '../../temporal/task-queues.js'
import { resumeDeliveries } from '../sweeps/resume-deliveries.js'
import { startDeliveries } from '../sweeps/start-deliveries.js'

/** Concurrent attempts in one worker. */
const MAX_ATTEMPTS = 32

/**
 * Delivers webhooks beside the inference worker, whose queue runs the workflows: polls the queue of
 * the attempts, and starts the workflow of every event that waits for one or has lost its own.
 */
export async function deliverWebhooks(
  deps: WebhookDeps & {
    id: VerifierId
    temporal: Pick<TemporalLink, 'worker' | 'client' | 'namespace' | 'dataConverter'>
  },
): Promise<{ run: Promise<void>; stop(): Promise<void> }> {
  const { db, id, temporal, log } = deps
  if (deps.allowPrivate) log.warn('DEVELOPMENT: webhooks may go to private addresses and by http')
  const worker = await Worker.create({
    connection: temporal.worker,
    namespace: temporal.namespace,
    dataConverter: temporal.dataConverter,
    taskQueue: WEBHOOK_QUEUE,
    activities: createWebhookActivities(deps),
    maxConcurrentActivityTaskExecutions: MAX_ATTEMPTS,
    shutdownGraceTime: '5 s',
  })
  const run = worker.run()
  const sweep = startDeliveries(db, id, temporal.client, log)
  const resumed = resumeDeliveries({ db, id, client: temporal.client, log })
  return {
    run,
    stop: async () => {
      sweep.stop()
      resumed.stop()
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await run.catch(() => undefined)
    },
  }
}
