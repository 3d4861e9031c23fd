/** Task queues. One task queue of its own for the GPUs of each class. */
export const VERIFIER_QUEUE = 'verifier'
export const INFERENCE_QUEUE = 'inference'
/** Of the attempts at webhooks; their workflows run on the queue `inference`. */
export const WEBHOOK_QUEUE = 'webhooks'

/** A CPU worker polls a queue of its own, so that it can never take production tasks. */
export function gpuQueue(device: 'cuda' | 'cpu', gpuClass: string): string {
  return device === 'cpu' ? 'gpu-cpu' : `gpu-${gpuClass}`
}

export function intervalLoopId(netuid: number, hotkey: string): string {
  return `interval-loop-${netuid}-${hotkey}`
}

export function intervalWorkflowId(netuid: number, hotkey: string, n: number): string {
  return `interval-${netuid}-${hotkey}-${n}`
}

export function videoWorkflowId(jobId: string): string {
  return `video-${jobId}`
}

export function webhookWorkflowId(eventId: string, webhookId: string): string {
  return `webhook-${eventId}-${webhookId}`
}

/** Search attributes; `Interval` is a reserved word in Temporal's list queries. */
export const SEARCH_ATTRIBUTES = { Netuid: 'INT', IntervalNo: 'INT', Phase: 'KEYWORD' } as const
