import assert from 'node:assert/strict'
import { ServiceError } from '@temporalio/client'
import type { TemporalLink } from '../../temporal/connection.js'
import { startIntervalLoop } from '../../temporal/start/start-interval-loop.js'

const ID = { netuid: 7, verifier: '5Verifier' }

/** As Temporal's client reports what the server answered. */
function refusal(code: number, details: string): ServiceError {
  const cause = Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} })
  return new ServiceError('Failed to start Workflow', { cause })
}

/** A Temporal that answers so, one after the other, and takes the workflow afterwards. */
function answering(...answers: Error[]) {
  let asked = 0
  const start = async () => {
    const answer = answers[asked]
    asked += 1
    if (answer !== undefined) throw answer
  }
  const link = { client: { workflow: { start } } } as unknown as TemporalLink
  return { link, asked: () => asked }
}

describe('starting the interval loop', () => {
  it('waits for a server that does not know attributes yet that were just registered', async () => {
    const unknown = refusal(
      3,
      'Namespace default has no mapping defined for search attribute Netuid',
    )
    const { link, asked } = answering(unknown, unknown)
    await startIntervalLoop(link, ID)
    assert.equal(asked(), 3)
  })

  it('fails at once with everything else', async () => {
    for (const other of [
      refusal(3, 'WorkflowId length exceeds limit.'),
      refusal(5, 'Namespace default is not found, nor a search attribute'),
      new Error('search attribute'),
    ]) {
      const { link, asked } = answering(other)
      await assert.rejects(startIntervalLoop(link, ID), other)
      assert.equal(asked(), 1)
    }
  })
})
