export const RETRY_PAUSES_MS: readonly number[]
export function retry<T>(
  attempt: () => Promise<T>,
  options: {
    isRetryable: (error: Error) => boolean
    say: (line: string) => void
    pausesMs: readonly number[]
  },
): Promise<T>
