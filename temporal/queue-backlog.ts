import type { TemporalLink } from './connection.js'

/** `TaskQueueType` of Temporal's protocol. */
const ACTIVITIES = 2

/** Approximate number of activities in a task queue that wait for a worker, as counted by Temporal. */
export async function queueBacklog(
  { client, namespace }: Pick<TemporalLink, 'client' | 'namespace'>,
  queue: string,
): Promise<number> {
  const { stats } = await client.connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITIES,
    reportStats: true,
  })
  return stats?.approximateBacklogCount?.toNumber() ?? 0
}
