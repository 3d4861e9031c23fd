import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const EVERY_MS = 200

/** MiB in use on the first GPU, by nvidia-smi; null where none answers. */
async function usedMib(): Promise<number | null> {
  const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits', '--id=0']
  const answer = await promisify(execFile)('nvidia-smi', query).catch(() => null)
  return answer === null ? null : Number(answer.stdout.trim())
}

/**
 * Watches the GPU's memory while the work goes on.
 * @param work is given a look at the most that was in use so far, in MiB, above what was in use before it
 */
export async function watchingMib<T>(
  work: (peakMib: () => number | null) => Promise<T>,
): Promise<T> {
  const before = await usedMib()
  let peak = before ?? 0
  const done = new AbortController()
  const watch = async () => {
    while (before !== null && !done.signal.aborted) {
      peak = Math.max(peak, (await usedMib()) ?? 0)
      await sleep(EVERY_MS, undefined, { signal: done.signal }).catch(() => {})
    }
  }
  const watching = watch()
  try {
    return await work(() => (before === null ? null : peak - before))
  } finally {
    done.abort()
    await watching
  }
}
