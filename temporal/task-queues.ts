/** One task queue per kind of worker, and one per class of GPUs. */
export const VERIFIER_QUEUE = 'verifier'
export const INFERENCE_QUEUE = 'inference'
/** For webhook attempts; their workflows run on the queue `inference`. */
export const WEBHOOK_QUEUE = 'webhooks'

/** A CPU worker polls a separate queue, so that it can never take production tasks. */
export function gpuQueue(device: 'cuda' | 'cpu', gpuClass: string): string {
  return device === 'cpu' ? 'gpu-cpu' : `gpu-${gpuClass}`
}
