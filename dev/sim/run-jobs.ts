import { Worker } from 'node:worker_threads'
import { costOf, type FinishedJob, type SimulationJob, type ThreadAnswer } from './jobs.js'

const THREAD = new URL('./simulation-thread.mjs', import.meta.url)
/** An interval's answers live until it settles: with room for them they are not copied about meanwhile. */
const LIMITS = { maxYoungGenerationSizeMb: 192 }

/**
 * Runs simulations in threads, the longest first.
 * @param onResult told of each in the order of the jobs, as soon as those before it are done
 * @returns their results, in the order of the jobs
 * @throws Error with the first message of one that failed
 */
export async function runJobs(
  jobs: readonly SimulationJob[],
  threads: number,
  onResult: (finished: FinishedJob) => void,
): Promise<FinishedJob[]> {
  const finished: (FinishedJob | undefined)[] = jobs.map(() => undefined)
  let told = 0
  const left = jobs
    .map((job, index) => ({ job, index }))
    .sort((a, b) => costOf(b.job) - costOf(a.job) || a.index - b.index)
    .values()
  const work = async () => {
    const thread = new Worker(THREAD, { execArgv: [], resourceLimits: LIMITS })
    try {
      for (const { job, index } of left) {
        finished[index] = await runIn(thread, job)
        for (let next = finished[told]; next !== undefined; next = finished[told]) {
          onResult(next)
          told += 1
        }
      }
    } finally {
      await thread.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work))
  return finished.filter((each) => each !== undefined)
}

function runIn(thread: Worker, job: SimulationJob): Promise<FinishedJob> {
  return new Promise((resolve, reject) => {
    const ended = (code: number) => reject(new Error(`a thread ended with ${code}`))
    thread.once('error', reject)
    thread.once('exit', ended)
    thread.once('message', (answer: ThreadAnswer) => {
      thread.removeListener('error', reject)
      thread.removeListener('exit', ended)
      if ('done' in answer) resolve(answer.done)
      else reject(new Error(answer.failed))
    })
    thread.postMessage(job)
  })
}
