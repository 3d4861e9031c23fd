/** A task queue for each kind of worker, and one for the GPUs of each class. */
export const VERIFIER_QUEUE = 'verifier'
export const INFERENCE_QUEUE = 'inference'
/** Of the attempts at webhooks; their workflows run on the queue `inference`. */
export const WEBHOOK_QUEUE = 'webhooks'

/** A CPU worker polls a queue of its own, so that it can never take production tasks. */
export function gpuQueue(device: 'cuda' | 'cpu', gpuClass: string): string {
  return device === 'cpu' ? 'gpu-cpu' : `gpu-${gpuClass}`
}
