import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { CapturedConnection } from './capturing-relay.js'
import type { ProversAnswer, ProversData } from './provers-thread.js'

const THREAD = new URL('./provers-thread-entry.mjs', import.meta.url)

/**
 * Real provers behind relays that keep what comes in over the wire and when, in a thread of their own: a prover sees when
 * something arrives, not what the process that sent it does next, which would hold up a relay of the same process.
 */
export class ProversApart {
  private constructor(
    readonly thread: Worker,
    /** Where each is asked. */
    readonly ports: readonly number[],
  ) {}

  static async start(data: ProversData): Promise<ProversApart> {
    const thread = new Worker(THREAD, { execArgv: [], workerData: data })
    const answer = await answerOf(thread)
    if (!('ports' in answer)) throw new Error('the thread of the provers did not begin')
    return new ProversApart(thread, answer.ports)
  }

  /** What each was sent until now. */
  async captured(): Promise<readonly (readonly CapturedConnection[])[]> {
    this.thread.postMessage('captured')
    const answer = await answerOf(this.thread)
    if (!('captured' in answer)) throw new Error('the thread of the provers began twice')
    // A Buffer arrives as the plain bytes.
    return answer.captured.map((connections) =>
      connections.map((one) => ({ ...one, sent: Buffer.from(one.sent) })),
    )
  }

  async close(): Promise<void> {
    await this.thread.terminate()
  }
}

/** @throws what the thread failed with */
async function answerOf(thread: Worker): Promise<ProversAnswer> {
  const [answer] = (await once(thread, 'message')) as [ProversAnswer]
  return answer
}
