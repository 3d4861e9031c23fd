import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { createLog } from '../../../base/log.js'
import { closeServer, listen } from '../../../base/net/http-listener.js'
import { freePort } from '../../../dev/process/ports.js'
import { openEngineProcess } from '../../../engine/process/open-engine-process.js'
import { createEngineServer, type EngineServer } from '../../../engine/server/engine-server.js'
import type { RemoteEngine } from '../../../engine/thread/remote-engine.js'
import { currentCertificates } from '../../../ledger/judging/certificates.js'
import { serverLanes } from '../../../workers/gpu/gpu-lane.js'
import { judgedModel } from '../../../workers/judged-model.js'
import { GPU_OPTIONS, runGpuWorker } from '../../../workers/roles/gpu.js'
import { until } from '../../support/until.js'
import { useRoleSite } from '../role-site.js'

const SILENT = createLog('test', 'silent')
const MODEL = fileURLToPath(new URL('../../fixtures/tiny-model/model', import.meta.url))

interface Served extends EngineServer {
  readonly engine: RemoteEngine
  readonly url: string
}

async function serve(): Promise<Served> {
  const opened = await openEngineProcess({ modelDir: MODEL, device: 'cpu', onEnd: () => {} })
  const { engine } = opened
  const served = createEngineServer([engine], '0')
  const listener = { what: 'a test', remedy: 'x' }
  const { url } = await listen(served.server, { host: '127.0.0.1', port: 0 }, listener)
  return { ...served, engine, url }
}

describe('A GPU worker with model servers in place of a GPU', function () {
  this.timeout(240_000)
  const site = useRoleSite()
  let servers: Served[] = []
  before(async () => {
    servers = await Promise.all([serve(), serve()])
  })
  after(async () => {
    for (const { server, endSessions, engine } of servers) {
      endSessions()
      await closeServer(server, { graceMs: 0 })
      await engine.close()
    }
  })

  it('certifies in two processes, takes tasks for each, and goes on when one goes away', async () => {
    const { db } = site().database
    const port = await freePort()
    const endpoints = servers.map(({ url }) => url).join(',')
    const options = site().options(GPU_OPTIONS, {
      'neuron.model_endpoint': endpoints,
      'model.dir': '/nowhere',
      'health.port': port,
    })
    site().running.push(await runGpuWorker(options, SILENT))
    const isReady = async () => (await site().readyz(port))[0] === 200
    await until('tasks to be taken', isReady)
    const [certificate] = await currentCertificates(db)
    const { exact, processes, determinismClass } = certificate!
    assert.deepEqual(
      [exact, processes, determinismClass],
      [true, 2, servers[0]!.engine.determinismClass],
    )
    const connected = async ({ url }: Served): Promise<number> =>
      JSON.parse(await (await fetch(`${url}/v1/info`)).text()).sessions
    servers[0]!.endSessions()
    assert.ok(await isReady(), 'the other server still takes tasks')
    await until('it is connected again', async () => (await connected(servers[0]!)) === 1)
    await until('tasks to be taken by both', isReady)
  })

  it('computes a second time on another server, or on its own where no other answers', async () => {
    const [one, two] = servers.map(({ url }) => url) as [string, string]
    const [own, other] = servers.map(({ engine }) => engine.instance)
    const away = `http://127.0.0.1:${await freePort()}`
    for (const [urls, instance] of [
      [[one, two], other],
      [[one, away, two], other],
      [[one, away], own],
    ] as const) {
      const fresh = await serverLanes(urls)[0]!.openFresh()
      assert.equal(fresh.instance, instance, urls.join())
      await fresh.close()
    }
  })

  it('does not certify with one process that is named twice', async () => {
    const [{ url }] = servers as [Served]
    const options = site().options(GPU_OPTIONS, {
      'neuron.model_endpoint': `${url},${url}`,
      'gpu.recertify': true,
    })
    await assert.rejects(runGpuWorker(options, SILENT), {
      code: 'certify_failed',
      message: /two processes that hold the model; the model servers are one/,
    })
  })

  it('tells a verifier what it judges, without a model folder', async () => {
    const [{ url, engine }] = servers as [Served]
    const judged = await judgedModel({ 'neuron.model_endpoint': url, 'model.dir': '/nowhere' })
    assert.deepEqual(judged, await judgedModel({ 'model.dir': MODEL }))
    assert.equal(judged.root, engine.modelRoot)
  })
})
