import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { createLog } from '../../base/log.js'
import { environmentValue } from '../../base/options/options.js'
import { findTemporalCli } from '../../dev/temporal/cli.mjs'
import { startTemporal } from '../../dev/temporal/start-temporal.js'

interface Server {
  address: string
  stop(): Promise<void>
}

let server: Promise<Server> | undefined

async function startServer(): Promise<Server> {
  const given = environmentValue(process.env, 'TEMPORAL_ADDRESS')
  if (given !== undefined) return { address: given, stop: async () => {} }
  const { cli, tried } = await findTemporalCli()
  if (cli === null) throw new Error(`run \`node dev/setup.mjs\` first: ${tried.join('; ')}`)
  const folder = await mkdtemp(join(tmpdir(), 'fractal-test-temporal-'))
  const temporal = await startTemporal({
    cli: cli.path,
    ports: { grpc: 0, http: 0, metrics: 0, ui: 0 },
    dbFile: join(folder, 'temporal.db'),
    logFile: join(folder, 'temporal.log'),
    log: createLog('test', 'silent'),
  })
  return {
    address: temporal.address,
    stop: async () => {
      await temporal.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

// Registered on the root suite by the first test file that imports this: one server per run.
after(async () => {
  await (await server)?.stop()
})

let namespaces = 0

/** A namespace of its own: no worker of another test takes its tasks. @returns its name */
export async function makeNamespace({ client }: Pick<TestTemporal, 'client'>): Promise<string> {
  namespaces += 1
  const namespace = `test-${process.pid}-${Date.now()}-${namespaces}`
  await client.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  })
  return namespace
}

export interface TestTemporal {
  client: Client
  /** `host:port` for other processes. */
  address: string
}

/**
 * Gives the surrounding suite a real Temporal server (the dev server, or that of TEMPORAL_ADDRESS),
 * from `before` until `after`. One server for all files: use workflow ids of your own.
 */
export function useTemporal(): () => TestTemporal {
  let made: TestTemporal | undefined
  before(async function () {
    this.timeout(240_000)
    server ??= startServer()
    const { address } = await server
    made = { address, client: new Client({ connection: await Connection.connect({ address }) }) }
  })
  after(async () => {
    await made?.client.connection.close()
  })
  return () => made!
}
