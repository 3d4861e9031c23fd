import { fork } from 'node:child_process'
import path from 'node:path'
import { FractalError } from '../../base/errors.js'
import { fromPlainError, type PlainError } from '../../engine/thread/messages.js'

/** What the model's standard video costs on this machine, as it is now. */
export interface VideoCost {
  readonly wallMs: number
  /** Processor time: what the same would take on a core of its own. */
  readonly cpuMs: number
}

export type VideoCostMessage = { cost: VideoCost } | { error: PlainError }

/**
 * Generates the model's standard video once, in a process of its own: nothing of it stays in memory.
 * @param compiled folder of `compileClone`
 * @throws FractalError `measure_failed`, and the engine's errors
 */
export async function measureVideoCost(
  compiled: string,
  modelDir: string,
  signal: AbortSignal,
): Promise<VideoCost> {
  const child = fork(path.join(compiled, 'dev/demo/video-cost-process.js'), [modelDir], {
    execArgv: [],
  })
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  try {
    let message: VideoCostMessage | undefined
    child.on('message', (got: VideoCostMessage) => {
      message = got
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', resolve)
    })
    signal.throwIfAborted()
    if (message === undefined) {
      throw new FractalError(
        'measure_failed',
        `The process that measures what a video costs ended (exit code ${code}) without an answer.`,
        { hint: 'Look at its messages above and at free memory.' },
      )
    }
    if ('error' in message) throw fromPlainError(message.error)
    return message.cost
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
