import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import { claimGpuQueue, leaveGpuQueue } from '../../../ledger/judging/gpu-queues.js'
import { RoleHealth } from '../../../workers/health/role-health.js'
import { SILENT } from '../../chain/local-harness.js'
import { useDatabase } from '../../support/postgres.js'
import { makeNamespace, useTemporal } from '../../support/temporal.js'

const OFF = { 'health.host': '127.0.0.1', 'health.port': 0, 'health.block_seconds': 120 }

describe('a queue that a role needs others for', function () {
  this.timeout(60_000)
  const temporal = useTemporal()
  const database = useDatabase()

  it('is red while nobody polls it, and says what to do', async () => {
    const namespace = await makeNamespace(temporal())
    const client = new Client({ connection: temporal().client.connection, namespace })
    const link = { client, namespace }
    const health = new RoleHealth('verifier', OFF, SILENT)
    health.watchQueue('asking', link, { queue: 'inference', red: 'start one', withinMs: 100 })
    health.started()
    while ((await health.readiness()).status === 'ready') await sleep(50)
    assert.deepEqual((await health.readiness()).reasons, [{ check: 'asking', why: 'start one' }])
    const patient = new RoleHealth('verifier', OFF, SILENT)
    patient.watchQueue('asking', link, { queue: 'inference', red: 'start one' })
    patient.started()
    assert.equal((await patient.readiness()).status, 'ready', 'it may still come')

    const connection = await NativeConnection.connect({ address: temporal().address })
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: 'inference',
      activities: { nothing: async () => undefined },
    })
    const done = worker.run()
    try {
      while ((await health.readiness()).status !== 'ready') await sleep(50)
    } finally {
      worker.shutdown()
      await done
      await connection.close()
    }
    await health.close()
    await patient.close()
  })

  it('is red while no GPU worker is alive, however long the one that is alive computes', async () => {
    const { db } = database()
    const health = new RoleHealth('verifier', OFF, SILENT)
    health.watchGpuWorkers(db, { queue: 'gpu-cpu', red: 'start one', withinMs: 100 })
    health.started()
    while ((await health.readiness()).status === 'ready') await sleep(50)
    assert.deepEqual((await health.readiness()).reasons, [{ check: 'gpu', why: 'start one' }])
    const claim = await claimGpuQueue(db, 'gpu-cpu', 'a class')
    assert.ok('id' in claim)
    while ((await health.readiness()).status !== 'ready') await sleep(50)
    await leaveGpuQueue(db, claim.id)
    while ((await health.readiness()).status === 'ready') await sleep(50)
    await health.close()
  })
})
