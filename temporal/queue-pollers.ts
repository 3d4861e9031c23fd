import type { TemporalLink } from './connection.js'

/** `TaskQueueType` of Temporal's protocol. */
const ACTIVITIES = 2
/**
 * When a worker last polled a task queue for activities, in Unix seconds by Temporal's clock; 0: none has in
 * the last minutes. A live worker polls at least once a minute, so the number keeps increasing.
 */
export async function newestPoll(
  { client, namespace }: Pick<TemporalLink, 'client' | 'namespace'>,
  queue: string,
): Promise<number> {
  const { pollers } = await client.connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITIES,
  })
  const polls = (pollers ?? []).map(({ lastAccessTime }) => secondsOf(lastAccessTime))
  return Math.max(0, ...polls)
}

function secondsOf(time: { seconds?: { toNumber(): number } | null } | null | undefined): number {
  return time?.seconds?.toNumber() ?? 0
}
