import assert from 'node:assert/strict'
import { closeServer, listen } from '../../../base/net/http-listener.js'
import { ownEngine, serversEngine } from '../../../cli/doctor/engine-facts.js'
import { openEngineProcess } from '../../../engine/process/open-engine-process.js'
import { createEngineServer } from '../../../engine/server/engine-server.js'
import { TINY_MODEL } from '../../engine/fixtures.js'

describe('what doctor finds of an engine', function () {
  this.timeout(120_000)

  it('is the same on this machine and on model servers that have the same model', async () => {
    const { engine } = await openEngineProcess({
      modelDir: TINY_MODEL,
      device: 'cpu',
      onEnd: () => {},
    })
    const { server, endSessions } = createEngineServer([engine], '0')
    try {
      const listener = { what: 'a test', remedy: 'x' }
      const { url } = await listen(server, { host: '127.0.0.1', port: 0 }, listener)
      const own = await ownEngine(TINY_MODEL, 'cpu')
      const served = await serversEngine([url, url])
      assert.deepEqual(served.engine, own.engine)
      assert.ok('ok' in own.model && 'ok' in served.model)
      assert.deepEqual(
        [served.model.ok.root, served.model.ok.described],
        [own.model.ok.root, own.model.ok.described],
      )
    } finally {
      endSessions()
      await closeServer(server, { graceMs: 0 })
      await engine.close()
    }
  })
})
