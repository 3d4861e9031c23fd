import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { createLog } from '../../../base/log.js'
import { findTemporalCli } from '../../../dev/temporal/cli.mjs'
import {
  startTemporal,
  type Temporal,
  type TemporalPorts,
} from '../../../dev/temporal/start-temporal.js'

const log = createLog('test', 'silent')

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address })
  try {
    return await use(new Client({ connection }))
  } finally {
    await connection.close()
  }
}

describe("Temporal's dev server", function () {
  this.timeout(240_000)
  let folder: string
  let running: Temporal | null = null
  const start = async (ports: TemporalPorts = { grpc: 0, http: 0, metrics: 0, ui: 0 }) => {
    const { cli, tried } = await findTemporalCli()
    assert.ok(cli, `run \`node dev/setup.mjs\` first: ${tried.join('; ')}`)
    running = await startTemporal({
      cli: cli.path,
      ports,
      dbFile: join(folder, 'temporal.db'),
      logFile: join(folder, 'temporal.log'),
      log,
    })
    return running
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-temporal-'))
  })
  after(async () => {
    await running?.kill()
    await rm(folder, { recursive: true, force: true })
  })

  it('starts with its web UI and our search attributes', async () => {
    const server = await start()
    assert.equal((await fetch(server.uiUrl)).status, 200)
    const attributes = await withClient(server.address, ({ connection }) =>
      connection.operatorService.listSearchAttributes({ namespace: 'default' }),
    )
    assert.deepEqual(Object.keys(attributes.customAttributes).sort(), [
      'IntervalNo',
      'Netuid',
      'Phase',
    ])
  })

  it('says in one line which port is taken and what wants it', async () => {
    const { ports } = running!
    const first = running
    await assert.rejects(
      startTemporal({
        cli: 'never-started',
        ports: { grpc: 0, http: 0, metrics: 0, ui: ports.ui },
        dbFile: join(folder, 'other.db'),
        logFile: join(folder, 'other.log'),
        log,
      }),
      { code: 'port_taken', message: `Port ${ports.ui} is taken; Temporal's web UI wants it.` },
    )
    assert.equal(running, first)
  })

  it('keeps workflows over kill -9 and a restart on the same ports', async () => {
    const before = running!
    await withClient(before.address, (client) =>
      client.workflow.start('kept', { workflowId: 'kept-1', taskQueue: 'nobody' }),
    )
    await before.kill()
    const server = await start(before.ports)
    assert.equal(server.address, before.address)
    const found = await withClient(server.address, (client) =>
      client.workflow.getHandle('kept-1').describe(),
    )
    assert.equal(found.status.name, 'RUNNING')
  })

  it('stops cleanly', async () => {
    const server = running!
    await server.stop()
    assert.notEqual((await server.exited).signal, 'SIGKILL')
  })

  it('that cannot start says why, with the end of its log', async () => {
    await assert.rejects(
      startTemporal({
        cli: '/bin/false',
        ports: { grpc: 0, http: 0, metrics: 0, ui: 0 },
        dbFile: join(folder, 'false.db'),
        logFile: join(folder, 'false.log'),
        log,
      }),
      { code: 'temporal_failed', message: /ended with code 1/ },
    )
  })
})
