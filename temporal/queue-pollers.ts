import type { TemporalLink } from './connection.js'

/** `TaskQueueType` of Temporal's protocol. */
const ACTIVITIES = 2
/** A worker's poll lasts a minute at most, so that one which lives was seen within it. */
const SEEN_MS = 90_000

/** Whether a worker polls a task queue for activities. */
export async function hasPollers(
  { client, namespace }: Pick<TemporalLink, 'client' | 'namespace'>,
  queue: string,
): Promise<boolean> {
  const { pollers } = await client.connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITIES,
  })
  const since = Date.now() - SEEN_MS
  return (pollers ?? []).some(
    ({ lastAccessTime }) => (lastAccessTime?.seconds?.toNumber() ?? 0) * 1000 > since,
  )
}
