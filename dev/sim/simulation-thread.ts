// A thread of `npm run sim`: runs one simulation after another, as it is told them.
import { parentPort } from 'node:worker_threads'
import { messageOf } from '../../base/errors.js'
import { runJob, type SimulationJob, type ThreadAnswer } from './jobs.js'

const port = parentPort
if (port === null) throw new Error('simulation-thread.ts is started by run-jobs.ts')

port.on('message', (job: SimulationJob) => port.postMessage(answer(job)))

function answer(job: SimulationJob): ThreadAnswer {
  try {
    return { done: runJob(job) }
  } catch (error) {
    return { failed: messageOf(error) }
  }
}
