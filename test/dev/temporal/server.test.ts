import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
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
import { until } from '../../support/until.js'

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

  for (const name of ['grpc', 'http', 'metrics', 'ui'] as const) {
    it(`takes other ports where somebody was faster at the one for ${name}`, async () => {
      const { cli } = await findTemporalCli()
      const slow = join(folder, `slow-${name}`)
      // Between our look at the ports and the server's start: it waits until somebody has the port.
      await writeFile(
        slow,
        `#!/bin/sh
if [ ! -e "$0.taken" ]; then echo "$@" > "$0.new"; mv "$0.new" "$0.args"; fi
while [ ! -e "$0.taken" ]; do sleep 0.02; done
exec ${cli!.path} "$@"
`,
        { mode: 0o700 },
      )
      const starting = startTemporal({
        cli: slow,
        ports: { grpc: 0, http: 0, metrics: 0, ui: 0 },
        dbFile: join(folder, `${name}.db`),
        logFile: join(folder, `${name}.log`),
        log,
      })
      await until('the server to be started', async () => existsSync(`${slow}.args`))
      const flag = name === 'grpc' ? '--port' : `--${name}-port`
      const args = (await readFile(`${slow}.args`, 'utf8')).split(' ')
      const lost = Number(args[args.indexOf(flag) + 1])
      const callers = new Set<Socket>()
      const faster = createServer((socket) => void callers.add(socket.on('error', () => {})))
      faster.listen(lost, '127.0.0.1')
      await once(faster, 'listening')
      await writeFile(`${slow}.taken`, '')
      try {
        const server = await starting
        assert.notEqual(server.ports[name], lost)
        assert.equal((await fetch(server.uiUrl)).status, 200)
        await server.kill()
      } finally {
        for (const socket of callers) socket.destroy()
        faster.close()
      }
    })
  }

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
