/** Workflow ids. Each is unique to one thing, so that a second start of it is refused or joined. */
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
