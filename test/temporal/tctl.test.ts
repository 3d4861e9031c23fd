import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Client, Connection } from '@temporalio/client'
import { intervalWorkflowId } from '../../temporal/workflow-ids.js'
import { newVerifier } from '../ledger/fixtures.js'
import { failWorkflow } from '../support/end-workflow.js'
import { makeNamespace, useTemporal } from '../support/temporal.js'

const run = promisify(execFile)
const { TCTL } = process.env

describe('tctl, as docs/operating.md has it', function () {
  this.timeout(120_000)
  before(function () {
    if (TCTL !== undefined) return
    console.warn('      pending: TCTL names no binary (build it from its repository)')
    this.skip()
  })
  const temporal = useTemporal()

  it('lists a failed interval and resets it', async () => {
    const namespace = await makeNamespace(temporal())
    const connection = await Connection.connect({ address: temporal().address })
    try {
      const client = new Client({ connection, namespace })
      const { netuid, verifier } = newVerifier()
      const workflowId = intervalWorkflowId(netuid, verifier, 4)
      const taskQueue = 'tctl'
      const handle = await client.workflow.start('verifyInterval', { workflowId, taskQueue })
      await failWorkflow(client, taskQueue)
      await assert.rejects(handle.result())
      const env = { ...process.env, TEMPORAL_CLI_ADDRESS: temporal().address }
      const tctl = (...args: string[]) => run(TCTL!, ['--namespace', namespace, ...args], { env })
      const query = "WorkflowType='verifyInterval' AND ExecutionStatus='Failed'"
      const listed = await tctl('workflow', 'list', '--query', query)
      assert.ok(listed.stdout.includes(workflowId), listed.stdout)
      const why = ['--reason', 'Postgres is back']
      const reset = ['workflow', 'reset', '--wid', workflowId]
      await tctl(...reset, '--reset_type', 'FirstWorkflowTask', ...why)
      const { status } = await client.workflow.getHandle(workflowId).describe()
      assert.equal(status.name, 'RUNNING')
    } finally {
      await connection.close()
    }
  })
})
